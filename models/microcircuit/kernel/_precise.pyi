import numpy as np
from numpy.typing import NDArray

CONSTANTS: int

class PreciseEngine:
    def __init__(self, place: tuple[int, int, int], size: tuple[int, int], populations: NDArray[np.float64], runs: NDArray[np.int64],
                 background_key: int, delays: tuple[int, int, int],
                 rows: tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.uint16], NDArray[np.int16]],
                 ring: tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]], failure: NDArray[np.int64],
                 first_id: NDArray[np.uint32], state: NDArray[np.float64], meeting: NDArray[np.uint8] | None) -> None: ...
    @property
    def events(self) -> int: ...
    @property
    def synapses(self) -> int: ...
    def advance(self, first: int, rate_hz: NDArray[np.float64], direct_pa: NDArray[np.float64],
                arrivals: tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]] | None,
                trace: NDArray[np.uint32],
                keep: bool) -> tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]]: ...
    def part(self, first: int, steps: int) -> NDArray[np.uint32]: ...
    def take(self, first: int, steps: int, parts: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], NDArray[np.uint32],
                                                                              NDArray[np.float64]]: ...
