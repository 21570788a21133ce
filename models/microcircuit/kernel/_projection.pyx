"""Draw the synapses of a projection, as a function of the seed alone; the C stands in the headers beside this file."""

import numpy as np

from libc.stdint cimport int16_t, int32_t, int64_t, uint16_t, uint32_t, uint64_t

from cosim.elementary cimport cosim_normal


cdef extern from "engine.h" nogil:
    ctypedef struct mc_level:
        const char *name

cdef extern from "levels.h" nogil:
    const mc_level *mc_level_at(int number) noexcept

cdef extern from "rows.h" nogil:
    enum: MC_BY_SOURCE, MC_BY_TARGET, MC_ALL_TO_ALL, MC_ONE_TO_ONE, MC_ARRAYS
    ctypedef struct mc_incoming:
        uint32_t target, draw
    ctypedef struct mc_projection:
        uint64_t key
        int32_t rule, skips, distinct
        uint32_t source_id, sources, targets, own_first, own_stop, input
        int64_t to_local
        const uint32_t *outdegree
        const uint64_t *incoming_upto
        const mc_incoming *incoming
        const uint32_t *listed
        int32_t lists_delay, lists_weight
        const uint16_t *delay
        const int16_t *weight
        uint32_t delays, weights, part, parts
        uint64_t *chosen
    void mc_outdegrees(const mc_level *level, uint64_t key, uint64_t total, uint32_t sources, uint32_t *outdegree) noexcept
    void mc_distinct_outdegrees(const mc_level *level, uint64_t key, uint64_t total, uint32_t sources, uint32_t targets,
                                uint32_t *outdegree) noexcept
    void mc_list_incoming(const mc_level *level, const mc_projection *p, uint32_t indegree, uint64_t *upto, mc_incoming *incoming) noexcept

QUANTILES = 65536
RULES = {"fixed_total_number": MC_BY_SOURCE, "fixed_outdegree": MC_BY_SOURCE, "pairwise_bernoulli": MC_BY_SOURCE,
         "fixed_indegree": MC_BY_TARGET, "all_to_all": MC_ALL_TO_ALL, "one_to_one": MC_ONE_TO_ONE, "arrays": MC_ARRAYS}


def quantiles():
    """Return the standard normal number in the middle of each of 65536 equally likely intervals, (65536,) float64."""
    out = np.empty(QUANTILES)
    cdef double[::1] view = out
    cdef uint64_t k
    for k in range(65536):
        view[k] = cosim_normal(k << 48 | <uint64_t>1 << 47)
    return out


def outdegrees(int level, uint64_t key, uint64_t total, uint32_t sources, uint32_t targets=0):
    """Share out a number of synapses over sources at random, (sources,) uint32; to different ones of `targets` each, unless that is 0."""
    out = np.zeros(sources, np.uint32)
    cdef uint32_t[::1] view = out
    with nogil:
        if targets:
            mc_distinct_outdegrees(mc_level_at(level), key, total, sources, targets, &view[0])
        else:
            mc_outdegrees(mc_level_at(level), key, total, sources, &view[0])
    return out


cdef class Projection:
    """How the synapses of one projection onto one rank's targets are drawn.

    Parameters
    ----------
    level : int
        Which of `levels` to use.
    key : int
        Random stream of the projection.
    rule : int
        One of `RULES`.
    source_id, sources, targets : int
        First id and size of the source population, size of the target population.
    skips, distinct : bool
        Whether no neuron connects to itself; whether two neurons are connected at most once.
    own : (int, int)
        The part of the target population that is this rank's own.
    fed : int
        Which input of the target's kernel the synapses feed.
    to_local : int
        What to add to a number in the target population to get the local index.
    outdegree : (sources,) uint32 or None
        For the rules that go by the source: the synapses of each source onto all targets.
    indegree : int
        For a fixed in-degree.
    delay : (n,) uint16
        Equally likely delays, less the least delay of the network, steps.
    weight : (n,) int16
        Equally likely weights, in units of the network.
    listed : ((sources + 1,) uint64, (n,) uint32, bool, bool) or None
        For arrays: where the synapses of each source begin, the target of each, and whether `delay` and `weight` are those of each.
    share : (int, int)
        Which share of the rows is this rank's, and of how many; see `Part`.
    """

    cdef mc_projection it
    cdef object keep
    cdef readonly object upto, incoming

    def __init__(self, int level, uint64_t key, int rule, bint skips, bint distinct, uint32_t source_id, uint32_t sources, uint32_t targets,
                 own, uint32_t fed, int64_t to_local, outdegree, uint32_t indegree, const uint16_t[::1] delay, const int16_t[::1] weight,
                 listed=None, share=(0, 1)):
        cdef const uint32_t[::1] degrees, target
        cdef uint64_t[::1] upto, chosen
        cdef uint32_t[:, ::1] incoming
        cdef mc_incoming *first = NULL
        self.it.key, self.it.rule, self.it.source_id, self.it.sources, self.it.targets = key, rule, source_id, sources, targets
        self.it.own_first, self.it.own_stop, self.it.input, self.it.to_local = own[0], own[1], fed, to_local
        self.it.delay, self.it.delays = &delay[0], delay.shape[0]
        self.it.weight, self.it.weights = &weight[0], weight.shape[0]
        self.it.part, self.it.parts = share
        self.it.skips, self.it.distinct = skips, distinct
        chosen = np.zeros((max(sources, targets) + 63) // 64 if distinct else 1, np.uint64)
        self.it.chosen = &chosen[0]
        self.keep = (outdegree, delay, weight, listed, chosen)
        if outdegree is not None:
            degrees = outdegree
            self.it.outdegree = &degrees[0]
        if rule == MC_ARRAYS:
            self.upto, target, self.it.lists_delay, self.it.lists_weight = listed
            upto = self.upto
            self.it.incoming_upto, self.it.listed = &upto[0], &target[0]
        if rule == MC_BY_TARGET:
            self.upto = np.zeros(sources + 1, np.uint64)
            self.incoming = np.empty(((own[1] - own[0]) * ((indegree + self.it.parts - 1) // self.it.parts), 2), np.uint32)
            upto, incoming = self.upto, self.incoming
            if self.incoming.size:
                first = <mc_incoming *>&incoming[0, 0]
            with nogil:
                mc_list_incoming(mc_level_at(level), &self.it, indegree, &upto[0], first)
            self.it.incoming_upto, self.it.incoming = &upto[0], first

    @property
    def address(self):
        """Where the projection lies in memory, for `Engine.build`; valid as long as the projection is."""
        return <uint64_t>&self.it
