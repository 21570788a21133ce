"""Measure how fast a network runs here, beside what the machine allows and what other simulators reach."""
