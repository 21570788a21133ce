"""Reduce what a run recorded to features, and compare two runs by them."""
