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
        double leak, jump, resistance, threshold, reset, rest
        double decay[2]
        double gap[2]
        double background_pa, input_pa, counts_per_hz, rest_whole, rest_part, drive
    ctypedef struct ps_neuron:
        double v
        double current[2]
        int64_t resting
    ctypedef struct ps_run:
        uint32_t population, first, count, slot
    ctypedef struct ps_event:
        double offset
    ctypedef struct ps_engine:
        uint32_t rank, size, spin, neurons, first_own, local, n_populations, n_runs
        ps_population *population
        ps_run *run
        ps_neuron *neuron
        uint32_t *head
        ps_event *pool
        ps_event *sorted
        double unit_pa
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
        const int64_t *arrival
        const double *arrival_offset
        uint32_t traces
        const uint32_t *trace
        double *trace_potential
        double *trace_current
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
    populations : (n_populations, 15) float64
        1/tau_m (per step), slope that 1 pA causes (mV/pA per step), tau_m/C_m (mV/pA), threshold and reset above E_L (mV), E_L (mV),
        1/tau_syn of excitatory and inhibitory currents and how far each is from 1/tau_m (per step), weight of a background spike and of a
        spike on the input port (pA), background spikes in a step for each Hz, refractory time as whole steps and what is left of a step.
    runs : (n_runs, 4) int64
        This rank's own neurons of one population: population, first local index, number, and number of the first in the random streams.
    unit_pa : float
        Weight of one unit of a synapse.
    background_key : int
        Random stream of the background.
    delays : (int, int, int)
        Least delay, number of different delays, slots of the ring, steps.
    rows : begin (n_neurons + 1,) uint64, target (n,) uint32, age (n,) uint16, weight (n,) int16
        Synapses onto this rank's neurons, by source, each row in the order of delays: local target, delay less the least one (steps),
        weight (units).
    ring : ids (slots, n_neurons) uint32, offsets (slots, n_neurons) float64, counts (slots, 16 * ranks) uint32
        Zeros; shared by all ranks where they share memory.
    failure : (ranks, 8) int64
        Zeros; shared as the ring is.
    first_id : (ranks + 1,) uint32
        First id of each rank, and the number of neurons.
    potential : (n_local,) float64
        Potential of this rank's neurons at instant 0, mV above E_L.
    meeting : (MEETING_BYTES,) uint8 or None
        Where the ranks meet; None where they share no memory.
    """

    cdef ps_engine it
    cdef object keep

    def __init__(self, place, const double[:, ::1] populations, const int64_t[:, ::1] runs, double unit_pa, uint64_t background_key,
                 delays, rows, ring, int64_t[:, ::1] failure, const uint32_t[::1] first_id, const double[::1] potential, meeting):
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
        e.neurons, e.first_own, e.local = first_id[e.size], first_id[e.rank], first_id[e.rank + 1] - first_id[e.rank]
        e.n_populations, e.n_runs, e.unit_pa, e.background_key = populations.shape[0], runs.shape[0], unit_pa, background_key
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
            e.run[i].population, e.run[i].first, e.run[i].count, e.run[i].slot = runs[i, 0], runs[i, 1], runs[i, 2], runs[i, 3]
        for i in range(potential.shape[0]):
            e.neuron[i].v = potential[i]

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

    def advance(self, uint64_t first, const double[:, ::1] rate_hz, const double[:, ::1] direct_pa, upto, arrivals, arrival_offsets,
                const uint32_t[::1] trace, bint keep):
        """Advance over a window.

        Parameters
        ----------
        first : int
            Number of the first step.
        rate_hz, direct_pa : (steps, n_populations) float64
            Rate of one external neuron and direct current in each step.
        upto, arrivals : (steps + 1,) int64, (n,) int64, or None
            Spikes of the input port: ids, and how many have arrived before each step's end.
        arrival_offsets : (n,) float64 or None
            How much before the ends of their steps they arrive, steps.
        trace : (traces,) uint32
            Local indices of the neurons to trace.
        keep : bool
            Whether to return the spikes.

        Returns
        -------
        spikes, ids, offsets : (steps,) uint32, (n,) uint32, (n,) float64
            How many spikes each step of the window brought, their ids, and how much before the end of the step they happened, steps; of
            all ranks where they share memory.
        potential, current : (traces, steps) float64, mV, pA
        """
        cdef ps_window w
        cdef uint32_t[::1] spikes
        cdef const int64_t[::1] upto_view, arrival_view
        cdef const double[::1] offset_view
        cdef double[:, ::1] potential, current
        cdef int wrong
        cdef uint32_t steps = rate_hz.shape[0]
        w.first, w.steps, w.rate_hz, w.direct_pa = first, steps, &rate_hz[0, 0], &direct_pa[0, 0]
        w.arrival_upto, w.arrival, w.arrival_offset = NULL, NULL, NULL
        w.id, w.offset, w.n_ids, w.capacity, w.spikes = NULL, NULL, 0, 0, NULL
        if arrivals is not None and len(arrivals):
            upto_view, arrival_view = upto, arrivals
            w.arrival_upto, w.arrival = &upto_view[0], &arrival_view[0]
            if arrival_offsets is not None:
                offset_view = arrival_offsets
                w.arrival_offset = &offset_view[0]
        traced = np.empty((2, trace.shape[0] + 1, steps))
        potential, current = traced[0], traced[1]
        w.traces, w.trace_potential, w.trace_current = trace.shape[0], &potential[0, 0], &current[0, 0]
        w.trace = &trace[0] if trace.shape[0] else NULL
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        if keep:
            w.spikes = &spikes[0]
        with nogil:
            wrong = ps_advance(&self.it, &w)
        return (counts, *self._spikes(&w, wrong), traced[0, :-1], traced[1, :-1])

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
