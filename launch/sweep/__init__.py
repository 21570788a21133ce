"""Run an experiment again and again with other parameters: ``cosim sweep``."""
