"""Measure how fast a brain network is swept, beside other simulators that sweep it."""
