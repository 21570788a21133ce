"""The mean-field brain network: regions with local dynamics, coupled through a connectome with conduction delays."""
