"""Read networks of point neurons in the SONATA format (Dai et al. 2020, PLOS Comput Biol 16:e1007696)."""
