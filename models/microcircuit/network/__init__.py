"""Hold a network as plain data: populations, projections, and where they are read from."""
