"""Couple simulators that work at different scales of the brain."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("cosim")
except PackageNotFoundError as error:
    raise ImportError("cosim is not installed, its source folder is merely on the path; in that folder run: pip install -e .") from error
