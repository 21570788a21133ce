"""Hold the plastic synapses of one rank; the C stands in ``plastic.h``, which says how they work."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport calloc, free


cdef extern from "engine.h" nogil:
    ctypedef struct mc_engine:
        uint32_t least_delay, ages

cdef extern from "plastic.h" nogil:
    enum: MC_STDP, MC_TSODYKS_MARKRAM, MC_FIRST_ROOM
    ctypedef struct mc_decay:
        double rate
    ctypedef struct mc_post:
        int64_t at
    ctypedef struct mc_history:
        uint32_t population, first, count, room
        int32_t is_nearest
        int64_t safe
        mc_decay decay
        uint64_t *fired
        mc_post *post
    ctypedef struct mc_segment:
        uint64_t first
        uint32_t count, age
        int64_t last, seen
        double trace, rest
    ctypedef struct mc_plastic:
        int32_t rule, is_nearest
        uint32_t first_id, sources, input, history, age_low, age_high
        double largest, step_up, step_down, mu_plus, mu_minus, use
        mc_decay up, down
        uint64_t *segment_upto
        mc_segment *segment
        uint32_t *target
        double *weight
        uint64_t synapses, segments
    struct mc_plasticity:
        uint32_t projections, histories
        mc_plastic *projection
        mc_history *history
        uint64_t sweeps
    void mc_decay_set(mc_decay *d, double rate) noexcept
    int64_t mc_sweep(const mc_engine *e, mc_plastic *p, const mc_history *h, int64_t now, int64_t bar) noexcept

cdef extern from "rows.h" nogil:
    ctypedef struct mc_projection:
        uint32_t source_id, sources, input
    ctypedef struct mc_entry:
        uint32_t packed

cdef extern from "plastic_rows.h" nogil:
    void mc_lay_plastic(const mc_engine *e, mc_plastic *p, const mc_projection *drawn, double part, mc_entry *entry,
                        uint32_t *count) noexcept

STDP, TSODYKS_MARKRAM, FIRST_ROOM = MC_STDP, MC_TSODYKS_MARKRAM, MC_FIRST_ROOM
HISTORY_BYTES, SEGMENT_BYTES, SYNAPSE_BYTES = sizeof(mc_post) * MC_FIRST_ROOM + 8, sizeof(mc_segment), 12


cdef class Plasticity:
    """The plastic synapses of one rank.

    Parameters
    ----------
    engine : Engine
        The rank's engine, with room made; `Engine.attach` makes it use this store and keep it. Who asks for weights keeps the engine.
    projections : int
        How many will be added.
    histories : list of (int, (int, int), float, bool)
        For each set of postsynaptic spikes that is kept: population; first neuron (local) and number of neurons; step / tau_minus; whether
        only the last spike counts.
    """

    cdef mc_plasticity it
    cdef mc_engine *engine
    cdef object keep

    def __init__(self, engine, uint32_t projections, list histories):
        cdef mc_history *h
        cdef uint8_t[::1] room
        self.keep = [np.zeros(projections * sizeof(mc_plastic) + 8, np.uint8)]
        self.engine = <mc_engine *><size_t>engine.address
        room = self.keep[0]
        self.it.projection = <mc_plastic *>&room[0]
        self.it.history = <mc_history *>calloc(<size_t>len(histories) + 1, sizeof(mc_history))  # `keep` may be gone before `__dealloc__`
        if self.it.history == NULL:
            raise MemoryError("the spikes that plastic synapses look back on")
        for i, (population, own, rate, is_nearest) in enumerate(histories):
            h = &self.it.history[<Py_ssize_t>i]
            h.population, h.is_nearest, h.room = population, is_nearest, MC_FIRST_ROOM
            h.first, h.count = own
            h.safe = -(1 << 62)
            mc_decay_set(&h.decay, rate)
            fired = np.zeros(h.count + 1, np.uint64)
            self.keep.append(fired)
            h.fired = address_of(fired)
            h.post = <mc_post *>calloc(<size_t>h.count * h.room + 1, sizeof(mc_post))
            self.it.histories += 1
            if h.post == NULL:
                raise MemoryError("the spikes that plastic synapses look back on")

    def __dealloc__(self):
        cdef uint32_t q
        for q in range(self.it.histories):
            free(self.it.history[q].post)
        free(self.it.history)

    def add(self, projection, int rule, uint32_t history, double largest, double part, rates, steps, uint64_t longest):
        """Draw the synapses of one projection.

        Parameters
        ----------
        projection : Projection
            How they are drawn.
        rule : int
            `STDP` or `TSODYKS_MARKRAM`.
        history : int
            Which postsynaptic spikes they look back on; for `STDP`.
        largest : float
            What a weight of 1 is in units of the population.
        part : float
            What a unit is of a weight of 1.
        rates : (float, float)
            Step / tau_plus and 0, or step / tau_rec and step / tau_fac (0 for none).
        steps : (float, float, float, float, float)
            lambda, alpha lambda, mu_plus, mu_minus, U.
        longest : int
            The most synapses that one source has onto this rank.
        """
        cdef mc_plastic *p = &self.it.projection[self.it.projections]
        cdef const mc_projection *drawn = <const mc_projection *><size_t>projection.address
        cdef uint64_t[::1] entry = np.empty(longest + 1, np.uint64)
        cdef uint32_t[::1] count = np.zeros(self.engine.ages, np.uint32)
        cdef uint8_t[::1] room
        cdef uint32_t[::1] target
        cdef double[::1] weight
        p.rule, p.history, p.largest = rule, history, largest
        p.first_id, p.sources, p.input, p.age_low = drawn.source_id, drawn.sources, drawn.input, self.engine.ages
        p.step_up, p.step_down, p.mu_plus, p.mu_minus, p.use = steps
        mc_decay_set(&p.up, rates[0])
        mc_decay_set(&p.down, rates[1])
        with nogil:
            mc_lay_plastic(self.engine, p, drawn, part, <mc_entry *>&entry[0], &count[0])
        upto = np.zeros(p.sources + 1, np.uint64)
        held = np.zeros(p.segments * sizeof(mc_segment) + 8, np.uint8), np.zeros(p.synapses + 1, np.uint32), np.zeros(p.synapses + 1)
        self.keep.extend([upto, *held])
        room, target, weight = held
        p.segment_upto = address_of(upto)
        p.segment, p.target, p.weight = <mc_segment *>&room[0], &target[0], &weight[0]
        with nogil:
            mc_lay_plastic(self.engine, p, drawn, part, <mc_entry *>&entry[0], &count[0])
        if rule == MC_STDP:
            p.is_nearest = self.it.history[history].is_nearest
        self.it.projections += 1

    @property
    def address(self):
        """Where the store lies in memory, for `Engine.attach`."""
        return <size_t>&self.it

    @property
    def sweeps(self):
        """How often synapses were looked at to make room for spikes."""
        return self.it.sweeps

    def synapses(self, uint32_t projection, uint64_t least):
        """Return number of the source, local target and delay in steps of each synapse of a projection, (n, 3) int64.

        Only those of the first sources are given, so many that there are at least `least` of them, or all.
        """
        cdef mc_plastic *p = &self.it.projection[projection]
        cdef uint32_t source, sources = 0
        cdef uint64_t i, j, n = 0
        while sources < p.sources and n < least:
            for i in range(p.segment_upto[sources], p.segment_upto[sources + 1]):
                n += p.segment[i].count
            sources += 1
        found = np.empty((n, 3), np.int64)
        cdef int64_t[:, ::1] view = found
        for source in range(sources):
            for i in range(p.segment_upto[source], p.segment_upto[source + 1]):
                for j in range(p.segment[i].first, p.segment[i].first + p.segment[i].count):
                    view[j, 0], view[j, 1], view[j, 2] = source, p.target[j], self.engine.least_delay + p.segment[i].age
        return found

    def weights(self, uint32_t projection, int64_t now):
        """Return the weights of a projection in the order of `synapses`, (n,) float64, as a part of the weight 1.

        For `STDP` a weight holds what its synapse met until one delay before the instant `now`, up to which the engine has advanced.
        """
        cdef mc_plastic *p = &self.it.projection[projection]
        cdef uint64_t j
        if p.rule == MC_STDP:
            with nogil:
                mc_sweep(self.engine, p, &self.it.history[p.history], now, now)
        found = np.empty(p.synapses)
        cdef double[::1] view = found
        for j in range(p.synapses):
            view[j] = p.weight[j]
        return found


cdef uint64_t *address_of(uint64_t[::1] numbers):
    return &numbers[0]
