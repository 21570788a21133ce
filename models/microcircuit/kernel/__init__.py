"""Build and advance a network: the C kernels, what hands them their work, and their plain twin."""
