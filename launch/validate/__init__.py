"""Hold the statistics of one simulation's spikes against those of another."""
