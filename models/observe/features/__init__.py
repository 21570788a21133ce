"""Reduce recorded signals to what is compared: connectivity, its dynamics, spectra, synchrony, divergence of distributions."""
