"""Scripts that other simulators' Python runs: each builds the network that a JSON file describes, and says what it reached.

They import nothing of cosim, because cosim is not installed there.
"""
