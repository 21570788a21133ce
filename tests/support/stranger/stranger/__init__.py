"""Components of somebody else."""
