"""What a mean-field model does by itself, and in a network: fixed points, their stability, bifurcations and cycles."""
