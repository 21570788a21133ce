"""Describe a mean-field model once: as NumPy for the twin and for analysis, and as C for the kernel."""
