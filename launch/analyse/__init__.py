"""``cosim analyse``: what a mean-field model does by itself, along a parameter."""
