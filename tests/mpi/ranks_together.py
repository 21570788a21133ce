"""What several ranks of a group do together; run by test_ranks.py under mpiexec."""

import sys
from pathlib import Path

import numpy as np
from mpi4py import MPI

from cosim.transport.mpi import MemoryRanks, MessageRanks

kind, folder = sys.argv[1], Path(sys.argv[2]) / "memory"
comm = MPI.COMM_WORLD
ranks = MemoryRanks(comm, 100, folder) if kind == "memory" else MessageRanks(comm, 100)
assert ranks.size == comm.size
assert ranks.share_memory is (kind == "memory")
for k in range(200):
    part = np.full(((ranks.rank + k) % 5, 2), 10 * k + ranks.rank, np.float64)
    whole = ranks.gather(part)
    expected = np.concatenate([np.full(((r + k) % 5, 2), 10 * k + r, np.float64) for r in range(ranks.size)])
    assert np.array_equal(whole, expected), (k, whole)
    word = bytes([k % 256]) * (1 + 37 * k)
    assert ranks.broadcast(word if ranks.rank == 0 else None) == word
    ranks.barrier()
assert ranks.broadcast(b"" if ranks.rank == 0 else None) == b""
if ranks.share_memory:
    board = ranks.shared_array((ranks.size, 3), np.int64)
    assert board.ctypes.data % 64 == 0
    assert not board.any()
    ranks.barrier()
    board[ranks.rank] = ranks.rank + 1
    ranks.barrier()
    assert board[:, 0].tolist() == list(range(1, ranks.size + 1))
    assert not list(folder.iterdir())
sys.stdout.write("well\n")
