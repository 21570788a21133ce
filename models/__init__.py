"""Our own components."""

if __name__ != "cosim.models":
    raise ImportError("this folder is the package cosim.models: write 'import cosim.models' instead of 'import models'")
