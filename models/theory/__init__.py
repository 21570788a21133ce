"""What can be said of spiking populations without running them."""
