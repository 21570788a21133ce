import numpy as np
from numpy.typing import NDArray

QUANTILES: int
RULES: dict[str, int]

def quantiles() -> NDArray[np.float64]: ...
def outdegrees(level: int, key: int, total: int, sources: int, targets: int = 0) -> NDArray[np.uint32]: ...

class Projection:
    upto: NDArray[np.uint64] | None
    incoming: NDArray[np.uint32] | None
    def __init__(self, level: int, key: int, rule: int, skips: bool, distinct: bool, source_id: int, sources: int, targets: int,
                 own: tuple[int, int], fed: int, to_local: int, outdegree: NDArray[np.uint32] | None, indegree: int,
                 delay: NDArray[np.uint16], weight: NDArray[np.int16],
                 listed: tuple[NDArray[np.uint64], NDArray[np.uint32], bool, bool] | None = None,
                 share: tuple[int, int] = (0, 1)) -> None: ...
    @property
    def address(self) -> int: ...
