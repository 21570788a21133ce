"""The cosim command: start processes, watch them, keep and show what they gave."""

if __name__ != "cosim.launch":
    raise ImportError("this folder is the package cosim.launch: write 'import cosim.launch' instead of 'import launch'")
