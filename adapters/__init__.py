"""What stands between: translators and adapters for external simulators."""

if __name__ != "cosim.adapters":
    raise ImportError("this folder is the package cosim.adapters: write 'import cosim.adapters' instead of 'import adapters'")
