"""Describe a neuron model once: as NumPy for the twin and the reader, and as C for the kernels."""
