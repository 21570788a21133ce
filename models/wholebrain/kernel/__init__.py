"""Step a network of mean-field regions: what Python hands over, and the kernel in C."""
