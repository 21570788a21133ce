"""Measure what models give, as an experimenter would."""
