import numpy as np
from numpy.typing import NDArray

def events(
    key: int, ticks: NDArray[np.int64], means: NDArray[np.float64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
