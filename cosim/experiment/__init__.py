"""Read experiment and layout files into frozen data."""
