import numpy as np
from numpy.typing import NDArray

from cosim.models.microcircuit.kernel._engine import Engine
from cosim.models.microcircuit.kernel._projection import Projection

STDP: int
TSODYKS_MARKRAM: int
FIRST_ROOM: int
HISTORY_BYTES: int
SEGMENT_BYTES: int
SYNAPSE_BYTES: int

class Plasticity:
    def __init__(self, engine: Engine, projections: int, histories: list[tuple[int, tuple[int, int], float, bool]]) -> None: ...
    def add(self, projection: Projection, rule: int, history: int, largest: float, part: float, rates: tuple[float, float],
            steps: tuple[float, float, float, float, float], longest: int) -> None: ...
    @property
    def address(self) -> int: ...
    @property
    def sweeps(self) -> int: ...
    def synapses(self, projection: int, least: int) -> NDArray[np.int64]: ...
    def weights(self, projection: int, now: int) -> NDArray[np.float64]: ...
