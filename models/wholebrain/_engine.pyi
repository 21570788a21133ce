from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

STRETCH: int

def exponential(x: float) -> float: ...
def levels() -> tuple[str, ...]: ...

class LinkTable:
    def __init__(self, begin: ArrayLike, source: ArrayLike, delay: ArrayLike, weight: ArrayLike, row: int) -> None: ...

class Engine:
    n: int
    m: int
    regions: int
    variables: int
    inputs: int
    row: int
    margin: int
    history: NDArray[np.float64]
    rate_history: NDArray[np.float64] | None
    state: NDArray[np.float64]
    slope: NDArray[np.float64]
    states: NDArray[np.float64]
    rates: NDArray[np.float64]
    held: NDArray[np.float64]
    drive: NDArray[np.float64]
    outside: NDArray[np.float64]
    def __init__(
        self,
        model: int,
        scheme: int,
        dt: float,
        gain: float,
        region: ArrayLike,
        given: ArrayLike,
        regions: int,
        longest: int,
        block: int,
        along: Sequence[ArrayLike],
        brief: Sequence[ArrayLike],
        instant: Sequence[ArrayLike],
        self_weight: ArrayLike,
        self_delay: ArrayLike,
        parameters: ArrayLike,
        low: ArrayLike,
        high: ArrayLike,
        sigma: ArrayLike,
        inputs: int,
        rate_history: bool,
        from_outside: bool,
        key: int,
        level: int = -1,
    ) -> None: ...
    def start(self, state: ArrayLike, sent: NDArray[np.float64]) -> None: ...
    def place(self, k: int) -> int: ...
    def make_room(self, k: int, steps: int) -> None: ...
    def expect_input(self, present: bool) -> None: ...
    def run(self, k: int, steps: int) -> None: ...
    def block(self, k: int, steps: int, at: int) -> None: ...
    def predict(self, k: int, at: int) -> None: ...
    def predicted(self) -> NDArray[np.float64]: ...
    def set_ahead(self, region: ArrayLike, values: ArrayLike) -> None: ...
    def correct(self, k: int, at: int) -> None: ...
    def finish(self, k: int, at: int) -> None: ...
    def afferent(self, links: LinkTable, target: int, k: int, count: int, of_rates: bool) -> NDArray[np.float64]: ...
    def finite(self, steps: int) -> bool: ...

def follow(model: int, parameters: NDArray[np.float64], h: float, rates: NDArray[np.float64], dt: float) -> NDArray[np.float64]: ...
def source(model: int, parameters: NDArray[np.float64], state: NDArray[np.float64]) -> NDArray[np.float64]: ...
