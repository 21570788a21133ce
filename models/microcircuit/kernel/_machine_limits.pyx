"""Measure what this machine allows a kernel, bare; the C stands in ``machine_limits.h``."""

from libc.stdint cimport int32_t, uint32_t, uint64_t


cdef extern from "machine_limits.h" nogil:
    enum: MC_LIMIT_CHUNK
    void mc_limit_fill(uint32_t *word, uint64_t words, uint32_t targets, uint64_t seed) noexcept
    double mc_limit_scatter(int32_t *total, const uint32_t *word, uint64_t words, uint32_t run, double seconds, uint64_t seed) noexcept
    double mc_limit_update(int level, uint64_t neurons, float *v, float *c, int32_t *rest, int32_t *given, double seconds) noexcept
    double mc_limit_triad(double *a, const double *b, const double *c, uint64_t n, double seconds) noexcept

cdef extern from "memory.h" nogil:
    void *mc_pages(size_t n) noexcept
    void mc_pages_free(void *p, size_t n) noexcept


cdef class _Pages:
    """Memory on huge pages, where the system has them."""

    cdef void *at
    cdef size_t size

    def __cinit__(self, size_t size):
        self.size, self.at = size, mc_pages(size)
        if self.at == NULL:
            raise MemoryError

    def __dealloc__(self):
        mc_pages_free(self.at, self.size)


cdef class Scatter:
    """Add runs of random synapses to one accumulator.

    Parameters
    ----------
    targets : int
        Size of the accumulator, at most 131,072.
    synapses, run : int
        How many there are in all, and in one run.
    seed : int
        What they are drawn from.
    """

    cdef _Pages word, total
    cdef uint64_t synapses, seed
    cdef uint32_t run

    def __init__(self, uint32_t targets, uint64_t synapses, uint32_t run, uint64_t seed):
        self.run = run if run > 1 else 1
        self.synapses, self.seed = synapses if synapses > self.run else self.run, seed
        self.word, self.total = _Pages(4 * self.synapses), _Pages(4 * 131072)
        cdef uint32_t *word = <uint32_t *>self.word.at
        cdef uint32_t most = 1 if targets < 1 else 131072 if targets > 131072 else targets
        with nogil:
            mc_limit_fill(word, self.synapses, most, self.seed)

    def rate(self, double seconds):
        """Return events per second."""
        cdef double found
        cdef int32_t *total = <int32_t *>self.total.at
        cdef const uint32_t *word = <const uint32_t *>self.word.at
        with nogil:
            found = mc_limit_scatter(total, word, self.synapses, self.run, seconds, self.seed)
        return found


cdef class Update:
    """Step leaky integrate-and-fire neurons in single precision.

    Parameters
    ----------
    neurons : int
        How many.
    level : int
        Number of the instruction set, as in `cosim.levels.LEVELS`.
    """

    cdef _Pages potential, current, resting, given
    cdef uint64_t neurons
    cdef int level

    def __init__(self, uint64_t neurons, int level):
        self.neurons, self.level = (neurons + MC_LIMIT_CHUNK - 1) // MC_LIMIT_CHUNK * MC_LIMIT_CHUNK, level
        self.potential, self.current = _Pages(4 * self.neurons), _Pages(4 * self.neurons)
        self.resting, self.given = _Pages(4 * self.neurons), _Pages(4 * self.neurons)

    def rate(self, double seconds):
        """Return neuron-steps per second."""
        cdef double found
        cdef float *v = <float *>self.potential.at
        cdef float *c = <float *>self.current.at
        cdef int32_t *r = <int32_t *>self.resting.at
        cdef int32_t *i = <int32_t *>self.given.at
        with nogil:
            found = mc_limit_update(self.level, self.neurons, v, c, r, i, seconds)
        return found


cdef class Triad:
    """Stream three arrays of doubles.

    Parameters
    ----------
    size : int
        Bytes of all three.
    """

    cdef _Pages a, b, c
    cdef uint64_t n

    def __init__(self, uint64_t size):
        self.n = size // 24 + 1
        self.a, self.b, self.c = _Pages(8 * self.n), _Pages(8 * self.n), _Pages(8 * self.n)
        self.rate(0.0)

    def rate(self, double seconds):
        """Return bytes read and written per second."""
        cdef double found
        cdef double *a = <double *>self.a.at
        cdef const double *b = <const double *>self.b.at
        cdef const double *c = <const double *>self.c.at
        with nogil:
            found = mc_limit_triad(a, b, c, self.n, seconds)
        return found
