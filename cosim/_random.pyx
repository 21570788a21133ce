"""Draw the kernels' random numbers from Python: a test door, and fast where arrays are long."""

import numpy as np

from libc.stdint cimport uint32_t, uint64_t

from cosim.elementary cimport cosim_exp, cosim_expm1, cosim_log, cosim_normal
from cosim.philox cimport philox4x32, philox_bits, philox_block


def philox(uint64_t key, uint32_t entity, uint32_t draw, uint64_t tick):
    """Return the four words of one counter, (4,) uint32."""
    cdef philox_block block = philox4x32(key, entity, draw, tick)
    return np.array([block.word[0], block.word[1], block.word[2], block.word[3]], dtype=np.uint32)


def normals(uint64_t key, uint32_t entities, uint32_t draw, uint64_t tick):
    """Return two standard normal numbers for each entity from 0, (entities, 2) float64."""
    out = np.empty((entities, 2))
    cdef double[:, ::1] view = out
    cdef philox_block block
    cdef uint32_t i
    for i in range(entities):
        block = philox4x32(key, i, draw, tick)
        view[i, 0] = cosim_normal(philox_bits(block, 0))
        view[i, 1] = cosim_normal(philox_bits(block, 1))
    return out


def exp(const double[::1] x):
    """Return cosim_exp of each number, (n,) float64."""
    out = np.empty(x.shape[0])
    cdef double[::1] view = out
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        view[i] = cosim_exp(x[i])
    return out


def expm1(const double[::1] x):
    """Return cosim_expm1 of each number, (n,) float64."""
    out = np.empty(x.shape[0])
    cdef double[::1] view = out
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        view[i] = cosim_expm1(x[i])
    return out


def log(const double[::1] x):
    """Return cosim_log of each positive number, (n,) float64."""
    out = np.empty(x.shape[0])
    cdef double[::1] view = out
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        view[i] = cosim_log(x[i])
    return out
