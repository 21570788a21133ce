"""Derive the transfer functions of mean-field models from simulated spikes: ``cosim derive``."""
