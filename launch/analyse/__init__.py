"""``cosim analyse``: what a mean-field model does by itself, or the whole network of an experiment, along a parameter."""
