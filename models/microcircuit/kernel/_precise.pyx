"""Hold one rank's neurons with precise spike times and advance them, one C call a window; the C stands in ``precise.h``."""

import numpy as np

from libc.stdint cimport int16_t, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from cosim.meeting cimport cosim_meeting


cdef extern from "precise.h" nogil:
    ctypedef struct cosim_poisson:
        double mean
    ctypedef struct ps_population:
        double leak
    ctypedef struct ps_neuron:
        double v
        double current[2]
        int64_t resting
    ctypedef struct ps_run:
        uint32_t population, first, count
        int64_t id_shift
    ctypedef struct ps_event:
        double offset
    ctypedef struct ps_engine:
        uint32_t rank, size, spin, neurons, local, first_slot, n_populations, n_runs
        ps_population *population
        ps_run *run
        ps_neuron *neuron
        uint32_t *head
        ps_event *pool
        ps_event *sorted
        uint64_t background_key
        const uint64_t *begin
        const uint32_t *target
        const uint16_t *age
        const int16_t *weight
        uint32_t least_delay, ages, slots, stride
        uint32_t *ring_id
        uint32_t *ring_count
        double *ring_offset
        const uint32_t *first_id
        cosim_meeting *meeting
        int64_t *failure
        uint64_t events
    ctypedef struct ps_window:
        uint64_t first
        uint32_t steps
        const double *rate_hz
        const double *direct_pa
        const int64_t *arrival_upto
        const uint32_t *arrival_at
        const uint32_t *arrival_to
        const double *arrival_weight
        const double *arrival_offset
        uint32_t traces
        const uint32_t *trace
        double *traced
        uint32_t *spikes
        uint32_t *id
        double *offset
        uint64_t n_ids, capacity
    int ps_advance(ps_engine *e, ps_window *w) noexcept
    int ps_keep(const ps_engine *e, ps_window *w, uint32_t begin, uint32_t end) noexcept
    uint32_t ps_slot(const ps_engine *e, uint64_t instant) noexcept
    uint64_t ps_place(const ps_engine *e, uint32_t slot, uint32_t rank) noexcept
    uint32_t *ps_count(const ps_engine *e, uint32_t slot, uint32_t rank) noexcept

CONSTANTS = 15


cdef class PreciseEngine:
    """One rank's neurons and the synapses onto them.

    Parameters
    ----------
    place : (int, int, int)
        Rank, number of ranks, and how often to look before blocking.
    size : (int, int)
        Local neurons, and number of the first in the random streams.
    populations : (n_populations, 15) float64
        What the neuron model gives (1/tau_m per step, slope that 1 pA causes, mV/pA per step, tau_m/C_m, mV/pA, threshold and reset above
        E_L, mV, 1/tau_syn of both currents and how far each is from 1/tau_m, per step, refractory time as whole steps and what is left);
        weight of one unit of a synapse, pA; weight of a background spike, pA, and the current it adds to, 0 or 1;
        background spikes in a step for each Hz.
    runs : (n_runs, 4) int64
        This rank's own neurons of one population: population, first local index, number, and what to add to a local index to get the id.
    background_key : int
        Random stream of the background.
    delays : (int, int, int)
        Least delay, number of different delays, slots of the ring, steps.
    rows : begin (n_neurons + 1,) uint64, target (n,) uint32, age (n,) uint16, weight (n,) int16
        Synapses onto this rank's neurons, by source, each row in the order of delays: local target times two and which current,
        delay less the least one (steps), weight (units).
    ring : ids (slots, n_neurons) uint32, offsets (slots, n_neurons) float64, counts (slots, 16 * ranks) uint32
        Zeros; shared by all ranks where they share memory.
    failure : (ranks, 8) int64
        Zeros; shared as the ring is.
    first_id : (ranks + 1,) uint32
        First id of each rank, and the number of neurons.
    state : (3, n_local) float64
        Potential (mV above E_L) and both currents (pA) at instant 0.
    meeting : (MEETING_BYTES,) uint8 or None
        Where the ranks meet; None where they share no memory.
    """

    cdef ps_engine it
    cdef object keep

    def __init__(self, place, size, const double[:, ::1] populations, const int64_t[:, ::1] runs, uint64_t background_key, delays, rows,
                 ring, int64_t[:, ::1] failure, const uint32_t[::1] first_id, const double[:, ::1] state, meeting):
        cdef ps_engine *e = &self.it
        cdef const uint64_t[::1] begin = rows[0]
        cdef const uint32_t[::1] target = rows[1]
        cdef const uint16_t[::1] age = rows[2]
        cdef const int16_t[::1] weight = rows[3]
        cdef uint32_t[:, ::1] ring_id = ring[0], ring_count = ring[2]
        cdef double[:, ::1] ring_offset = ring[1]
        cdef uint8_t[::1] room
        cdef uint32_t[::1] head
        cdef Py_ssize_t i
        e.rank, e.size, e.spin = place
        e.neurons, e.local, e.first_slot = first_id[e.size], size[0], size[1]
        e.n_populations, e.n_runs, e.background_key = populations.shape[0], runs.shape[0], background_key
        e.least_delay, e.ages, e.slots = delays
        e.begin = &begin[0]
        if target.shape[0]:
            e.target, e.age, e.weight = &target[0], &age[0], &weight[0]
        e.ring_id, e.ring_offset, e.ring_count, e.stride = &ring_id[0, 0], &ring_offset[0, 0], &ring_count[0, 0], ring_count.shape[1]
        e.failure, e.first_id = &failure[0, 0], &first_id[0]
        held = [np.zeros(n, np.uint8) for n in (e.n_populations * sizeof(ps_population), e.n_runs * sizeof(ps_run),
                                                e.local * sizeof(ps_neuron))]
        heads = np.zeros(e.local, np.uint32)
        self.keep = [rows, ring, failure, first_id, meeting, held, heads]
        head, room = heads, held[0]
        e.head, e.population = &head[0], <ps_population *>&room[0]
        room = held[1]
        e.run = <ps_run *>&room[0]
        room = held[2]
        e.neuron = <ps_neuron *>&room[0]
        if meeting is not None:
            room = meeting
            e.meeting = <cosim_meeting *>&room[0]
        for i in range(populations.shape[0]):
            memcpy(&e.population[i], &populations[i, 0], CONSTANTS * sizeof(double))
        for i in range(runs.shape[0]):
            e.run[i].population, e.run[i].first, e.run[i].count, e.run[i].id_shift = runs[i, 0], runs[i, 1], runs[i, 2], runs[i, 3]
        for i in range(state.shape[1]):
            e.neuron[i].v, e.neuron[i].current[0], e.neuron[i].current[1] = state[0, i], state[1, i], state[2, i]

    def __dealloc__(self):
        free(self.it.pool)
        free(self.it.sorted)

    @property
    def events(self):
        """Number of synapses that have been delivered so far."""
        return self.it.events

    @property
    def synapses(self):
        """Number of synapses onto this rank's neurons."""
        return self.it.begin[self.it.neurons]

    def advance(self, uint64_t first, const double[:, ::1] rate_hz, const double[:, ::1] direct_pa, arrivals,
                const uint32_t[:, ::1] trace, bint keep):
        """Advance over a window.

        Parameters
        ----------
        first : int
            Number of the first step.
        rate_hz, direct_pa : (steps, n_populations) float64
            Rate of one external neuron and direct current in each step.
        arrivals : ((steps + 1,) int64, (n,) uint32, (n,) uint32, (n,) float64, (n,) float64) or None
            Spikes from elsewhere: how many have arrived before each step's end; their neurons (local), which current they add to, weights
            (pA), and how much before the ends of their steps they arrive, steps.
        trace : (traces, 2) uint32
            Local index of a neuron, and what of it: 1 for the potential, 2 and 3 for the currents.
        keep : bool
            Whether to return the spikes.

        Returns
        -------
        spikes, ids, offsets : (steps,) uint32, (n,) uint32, (n,) float64
            How many spikes each step of the window brought, their ids, and how much before the end of the step they happened, steps; of
            all ranks where they share memory.
        traced : (traces, steps) float64, mV above E_L, pA
        """
        cdef ps_window w
        cdef uint32_t[::1] spikes
        cdef const int64_t[::1] upto
        cdef const uint32_t[::1] at, to
        cdef const double[::1] weight, offset
        cdef double[:, ::1] traced
        cdef int wrong
        cdef uint32_t steps = rate_hz.shape[0]
        w.first, w.steps, w.rate_hz, w.direct_pa = first, steps, &rate_hz[0, 0], &direct_pa[0, 0]
        w.arrival_upto, w.arrival_at, w.arrival_offset = NULL, NULL, NULL
        w.id, w.offset, w.n_ids, w.capacity, w.spikes = NULL, NULL, 0, 0, NULL
        if arrivals is not None and len(arrivals[1]):
            upto, at, to, weight, offset = arrivals
            w.arrival_upto, w.arrival_at, w.arrival_to = &upto[0], &at[0], &to[0]
            w.arrival_weight, w.arrival_offset = &weight[0], &offset[0]
        out = np.empty((trace.shape[0] + 1, steps))
        traced = out
        w.traces, w.traced = trace.shape[0], &traced[0, 0]
        w.trace = &trace[0, 0] if trace.shape[0] else NULL
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        if keep:
            w.spikes = &spikes[0]
        with nogil:
            wrong = ps_advance(&self.it, &w)
        return (counts, *self._spikes(&w, wrong), out[:trace.shape[0]])

    cdef object _spikes(self, ps_window *w, int wrong):
        ids, offsets = np.empty(w.n_ids, np.uint32), np.empty(w.n_ids)
        cdef uint32_t[::1] id_view = ids
        cdef double[::1] offset_view = offsets
        if w.n_ids:
            memcpy(&id_view[0], w.id, w.n_ids * sizeof(uint32_t))
            memcpy(&offset_view[0], w.offset, w.n_ids * sizeof(double))
        free(w.id)
        free(w.offset)
        if wrong:
            raise MemoryError("the spikes of one window")
        return ids, offsets

    def part(self, uint64_t first, uint32_t steps):
        """Return what this rank has to tell the others after some steps, (n,) uint32: failure, counts, and each step's ids and offsets."""
        cdef ps_engine *e = &self.it
        cdef uint32_t k, slot, many
        cdef uint64_t place
        words = [np.array([e.failure[8 * e.rank] & 0xffffffff, e.failure[8 * e.rank] >> 32, e.failure[8 * e.rank + 1] & 0xffffffff,
                           e.failure[8 * e.rank + 1] >> 32, *([0] * steps)], np.uint32)]
        for k in range(steps):
            slot = ps_slot(e, first + k + 1)
            many, place = ps_count(e, slot, e.rank)[0], ps_place(e, slot, e.rank)
            words[0][4 + k] = many
            if many:
                words.append(np.asarray(<uint32_t[:many]>(e.ring_id + place)))
                words.append(np.asarray(<double[:many]>(e.ring_offset + place)).view(np.uint32))
        return np.concatenate(words)

    def take(self, uint64_t first, uint32_t steps, const uint32_t[::1] parts):
        """Put the parts of all ranks into the ring, and return their spikes as `advance` does: counts, ids, offsets."""
        cdef ps_engine *e = &self.it
        cdef uint64_t at = 0, data, place
        cdef uint32_t rank, k, slot, many
        cdef ps_window w
        cdef uint32_t[::1] spikes
        for rank in range(e.size):
            e.failure[8 * rank] = parts[at] | <int64_t>parts[at + 1] << 32
            e.failure[8 * rank + 1] = parts[at + 2] | <int64_t>parts[at + 3] << 32
            at, data = at + 4, at + 4 + steps
            for k in range(steps):
                slot, many = ps_slot(e, first + k + 1), parts[at + k]
                ps_count(e, slot, rank)[0], place = many, ps_place(e, slot, rank)
                if many:
                    memcpy(e.ring_id + place, &parts[data], many * sizeof(uint32_t))
                    memcpy(e.ring_offset + place, &parts[data + many], many * sizeof(double))
                data += 3 * many
            at = data
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        w.first, w.steps, w.spikes = first, steps, &spikes[0]
        w.id, w.offset, w.n_ids, w.capacity = NULL, NULL, 0, 0
        cdef int wrong = ps_keep(e, &w, 0, steps)
        return (counts, *self._spikes(&w, wrong))
