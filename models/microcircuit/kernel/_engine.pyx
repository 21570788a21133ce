"""Hold one rank's part of a network and advance it, one C call a window; the C stands in the headers beside this file."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from cosim.meeting cimport cosim_meeting


cdef extern from "engine.h" nogil:
    enum: MC_CHUNK, MC_DUE
    ctypedef struct cosim_poisson:
        double mean
    ctypedef struct mc_population:
        double p11, p21, m22, p20, threshold, reset, rest, background_pa, input_pa, counts_per_hz
        int32_t refractory
        cosim_poisson background
    ctypedef struct mc_run:
        uint32_t population, first, chunks
        int64_t id_shift
    ctypedef struct mc_due:
        uint32_t count
    ctypedef struct mc_block:
        uint32_t first, count
        uint64_t *begin
        uint16_t *upto
    ctypedef struct mc_level:
        const char *name
    ctypedef struct mc_engine:
        const mc_level *level
        int32_t is_double
        uint32_t rank, size, spin, neurons, local, first_chunk, n_populations, n_runs, n_blocks
        mc_population *population
        mc_run *run
        mc_block *block
        uint64_t *own
        void *potential
        void *current
        void *resting
        int32_t *input
        int32_t *arrived
        double unit_pa
        uint64_t background_key
        uint32_t *synapse
        uint64_t capacity, used
        uint32_t least_delay, ages
        mc_due *due
        uint32_t slots, stride
        uint32_t *ring_id
        uint32_t *ring_count
        const uint32_t *first_id
        cosim_meeting *meeting
        int64_t *failure
        uint64_t events
    ctypedef struct mc_window:
        uint64_t first
        uint32_t steps
        const double *rate_hz
        const double *direct_pa
        const int64_t *arrival_upto
        const int64_t *arrival
        uint32_t traces
        const uint32_t *trace
        double *trace_potential
        double *trace_current
        uint32_t *spikes
        uint32_t *id
        uint64_t n_ids, id_capacity

cdef extern from "levels.h" nogil:
    const mc_level *mc_level_at(int number) noexcept

cdef extern from "poisson.h" nogil:
    double COSIM_LARGEST_MEAN

cdef extern from "rows.h" nogil:
    enum: MC_NO_ROOM, MC_ROW_TOO_LONG
    ctypedef struct mc_projection:
        uint64_t key
    ctypedef struct mc_entry:
        uint32_t packed
    int mc_build_rows(mc_engine *e, const mc_projection **p, uint32_t projections, uint32_t first_id, uint32_t sources, mc_entry *entry,
                      uint32_t *count) noexcept

cdef extern from "window.h" nogil:
    int mc_advance(mc_engine *e, mc_window *w) noexcept
    int mc_keep(const mc_engine *e, mc_window *w, uint32_t begin, uint32_t end) noexcept

cdef extern from "memory.h" nogil:
    void *mc_pages(size_t n) noexcept
    void mc_pages_free(void *p, size_t n) noexcept

CHUNK, NO_ROOM, ROW_TOO_LONG = MC_CHUNK, MC_NO_ROOM, MC_ROW_TOO_LONG
LARGEST_MEAN = COSIM_LARGEST_MEAN


def levels():
    """Return the names of the instruction sets that this processor has kernels for, the simplest first."""
    found = []
    while mc_level_at(len(found)):
        found.append(mc_level_at(len(found)).name.decode())
    return tuple(found)


cdef class Engine:
    """One rank's neurons and synapses.

    Parameters
    ----------
    level : int
        Which of `levels` to use.
    is_double : bool
        Whether the state is kept in double precision.
    place : (int, int, int)
        Rank, number of ranks, and how often to look before blocking.
    neurons, local, first_chunk : int
        Neurons of the network; neurons in the chunks of this rank; number of its first chunk.
    populations : (n_populations, 11) float64
        p11, p21 (mV/pA), m22, p20 (mV/pA), threshold and reset above E_L (mV), E_L (mV), weight of a background spike (pA), weight of a
        spike on the input port (pA), background spikes in a step for each Hz, refractory steps.
    runs : (n_runs, 4) int64
        Population, first local index, chunks, and what to add to a local index to get the id.
    own : (local / 64,) uint64
        One bit for each neuron that is this rank's own.
    unit_pa : float
        Weight of one unit of a synapse.
    background_key : int
        Random stream of the background.
    delays : (int, int, int)
        Least delay, number of different delays, slots of the ring, steps.
    ring_id : (slots, neurons) uint32, ring_count : (slots, 16 * ranks) uint32, failure : (ranks, 8) int64
        Zeros; shared by all ranks where they share memory.
    first_id : (ranks,) uint32
        First id of each rank.
    meeting : (MEETING_BYTES,) uint8 or None
        Where the ranks meet; None where they share no memory.
    """

    cdef mc_engine it
    cdef object keep
    cdef size_t synapse_bytes, state_bytes, due_bytes

    def __init__(self, int level, bint is_double, place, uint32_t neurons, uint32_t local, uint32_t first_chunk,
                 double[:, ::1] populations, int64_t[:, ::1] runs, uint64_t[::1] own, double unit_pa, uint64_t background_key, delays,
                 uint32_t[:, ::1] ring_id, uint32_t[:, ::1] ring_count, int64_t[:, ::1] failure, const uint32_t[::1] first_id, meeting):
        cdef uint8_t[::1] room
        cdef mc_engine *e = &self.it
        cdef uint32_t width = 8 if is_double else 4
        e.level, e.is_double, e.neurons, e.local, e.first_chunk = mc_level_at(level), is_double, neurons, local, first_chunk
        e.rank, e.size, e.spin = place
        e.n_populations, e.n_runs = populations.shape[0], runs.shape[0]
        e.own, e.unit_pa, e.background_key = &own[0], unit_pa, background_key
        e.least_delay, e.ages, e.slots = delays
        e.stride = ring_count.shape[1]
        e.ring_id, e.ring_count, e.failure, e.first_id = &ring_id[0, 0], &ring_count[0, 0], &failure[0, 0], &first_id[0]
        self.keep = [own, ring_id, ring_count, failure, first_id, meeting]
        if meeting is not None:
            room = meeting
            e.meeting = <cosim_meeting *>&room[0]
        self._set_constants(populations, runs)
        self.state_bytes, self.due_bytes = <size_t>local * width, MC_DUE * sizeof(mc_due)
        e.potential, e.current, e.resting = mc_pages(self.state_bytes), mc_pages(self.state_bytes), mc_pages(self.state_bytes)
        e.input, e.arrived = <int32_t *>mc_pages(<size_t>local * 4), <int32_t *>mc_pages(<size_t>local * 4)
        e.due = <mc_due *>mc_pages(self.due_bytes)
        if not (e.potential and e.current and e.resting and e.input and e.arrived and e.due):
            raise MemoryError("the state of the neurons")

    def _set_constants(self, double[:, ::1] populations, int64_t[:, ::1] runs):
        cdef mc_engine *e = &self.it
        cdef Py_ssize_t i
        held = np.zeros(e.n_populations * sizeof(mc_population), np.uint8), np.zeros(e.n_runs * sizeof(mc_run), np.uint8)
        cdef uint8_t[::1] room = held[0], run_room = held[1]
        self.keep.extend(held)
        e.population, e.run = <mc_population *>&room[0], <mc_run *>&run_room[0]
        for i in range(populations.shape[0]):
            memcpy(&e.population[i], &populations[i, 0], 10 * sizeof(double))
            e.population[i].refractory = <int32_t>populations[i, 10]
        for i in range(runs.shape[0]):
            e.run[i].population, e.run[i].first, e.run[i].chunks = runs[i, 0], runs[i, 1], runs[i, 2]
            e.run[i].id_shift = runs[i, 3]

    def __dealloc__(self):
        cdef mc_engine *e = &self.it
        mc_pages_free(e.potential, self.state_bytes)
        mc_pages_free(e.current, self.state_bytes)
        mc_pages_free(e.resting, self.state_bytes)
        mc_pages_free(e.input, <size_t>e.local * 4)
        mc_pages_free(e.arrived, <size_t>e.local * 4)
        mc_pages_free(e.due, self.due_bytes)
        mc_pages_free(e.synapse, self.synapse_bytes)

    def make_room(self, uint64_t synapses, uint32_t block):
        """Make room for rows of at most so many synapses in all, onto blocks of so many targets."""
        cdef mc_engine *e = &self.it
        cdef uint32_t b
        cdef uint64_t[:, ::1] begin
        cdef uint16_t[:, :, ::1] upto
        e.n_blocks = (e.local + block - 1) // block
        held = (np.zeros((e.n_blocks, e.neurons), np.uint64), np.zeros((e.n_blocks, e.neurons, e.ages + 1), np.uint16),
                np.zeros(e.n_blocks * sizeof(mc_block), np.uint8))
        begin, upto = held[0], held[1]
        cdef uint8_t[::1] room = held[2]
        self.keep.extend(held)
        e.block = <mc_block *>&room[0]
        for b in range(e.n_blocks):
            e.block[b].first, e.block[b].count = b * block, block
            e.block[b].begin, e.block[b].upto = &begin[b, 0], &upto[b, 0, 0]
        e.capacity, self.synapse_bytes = synapses, <size_t>synapses * 4
        e.synapse = <uint32_t *>mc_pages(self.synapse_bytes)
        if e.synapse == NULL:
            raise MemoryError("the synapses")

    def build(self, uint32_t first_id, uint32_t sources, list projections, uint64_t longest):
        """Build the rows of one source population.

        Parameters
        ----------
        first_id, sources : int
            The population.
        projections : list of Projection
            All that leave it.
        longest : int
            The most synapses that one of its neurons has onto this rank.

        Returns
        -------
        int
            0, or `NO_ROOM`, or `ROW_TOO_LONG` where one row has more than 65535 synapses onto one block.
        """
        cdef mc_engine *e = &self.it
        cdef uint64_t[::1] pointer = np.array([p.address for p in projections] or [0], np.uint64)
        cdef uint64_t[::1] entry = np.empty(longest + 1, np.uint64)
        cdef uint32_t[::1] count = np.zeros(e.n_blocks * e.ages, np.uint32)
        cdef uint32_t n = len(projections)
        cdef int wrong
        with nogil:
            wrong = mc_build_rows(e, <const mc_projection **>&pointer[0], n, first_id, sources, <mc_entry *>&entry[0], &count[0])
        return wrong

    def set_potential(self, const double[::1] potential):
        """Set the potential of all local neurons, (local,) float64, mV above E_L."""
        cdef Py_ssize_t i
        for i in range(potential.shape[0]):
            if self.it.is_double:
                (<double *>self.it.potential)[i] = potential[i]
            else:
                (<float *>self.it.potential)[i] = <float>potential[i]

    def state(self):
        """Return potential (mV above E_L), synaptic current (pA) and remaining refractory steps, each (local,) float64."""
        out = np.empty((3, self.it.local))
        cdef double[:, ::1] view = out
        cdef uint32_t i
        for i in range(self.it.local):
            if self.it.is_double:
                view[0, i], view[1, i] = (<double *>self.it.potential)[i], (<double *>self.it.current)[i]
                view[2, i] = (<int64_t *>self.it.resting)[i]
            else:
                view[0, i], view[1, i] = (<float *>self.it.potential)[i], (<float *>self.it.current)[i]
                view[2, i] = (<int32_t *>self.it.resting)[i]
        return out

    def row(self, uint32_t source):
        """Return the synapses of one source: (n, 3) int64 of local target, delay in steps, weight in units."""
        cdef mc_engine *e = &self.it
        cdef uint32_t b, a, j
        cdef uint32_t *word
        cdef uint16_t *upto
        found = []
        for b in range(e.n_blocks):
            upto = e.block[b].upto + <uint64_t>source * (e.ages + 1)
            word = e.synapse + e.block[b].begin[source]
            for a in range(e.ages):
                for j in range(upto[a], upto[a + 1]):
                    found.append((e.block[b].first + (word[j] & 0xffff), e.least_delay + a, <int32_t>word[j] >> 16))
        return np.array(found, np.int64).reshape(-1, 3)

    @property
    def synapses(self):
        """Number of synapses onto this rank's neurons."""
        return self.it.used

    @property
    def events(self):
        """Number of synapses that have been delivered so far."""
        return self.it.events

    def advance(self, uint64_t first, const double[:, ::1] rate_hz, const double[:, ::1] direct_pa, upto, arrivals,
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
        trace : (traces,) uint32
            Local indices of the neurons to trace.
        keep : bool
            Whether to return the spikes.

        Returns
        -------
        spikes, ids : (steps,) uint32, (n,) uint32
            How many spikes each step of the window brought, and their ids; of all ranks where they share memory.
        potential, current : (traces, steps) float64, mV, pA
        """
        cdef mc_window w
        cdef uint32_t[::1] spikes
        cdef const int64_t[::1] upto_view, arrival_view
        cdef double[:, ::1] potential, current
        cdef int wrong
        cdef uint32_t steps = rate_hz.shape[0]
        w.first, w.steps, w.rate_hz, w.direct_pa = first, steps, &rate_hz[0, 0], &direct_pa[0, 0]
        w.arrival_upto, w.arrival, w.id, w.n_ids, w.id_capacity, w.spikes = NULL, NULL, NULL, 0, 0, NULL
        if arrivals is not None and len(arrivals):
            upto_view, arrival_view = upto, arrivals
            w.arrival_upto, w.arrival = &upto_view[0], &arrival_view[0]
        traced = np.empty((2, trace.shape[0] + 1, steps))
        potential, current = traced[0], traced[1]
        w.traces, w.trace_potential, w.trace_current = trace.shape[0], &potential[0, 0], &current[0, 0]
        w.trace = &trace[0] if trace.shape[0] else NULL
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        if keep:
            w.spikes = &spikes[0]
        with nogil:
            wrong = mc_advance(&self.it, &w)
        ids = self._ids(&w, wrong)
        return counts, ids, traced[0, :-1], traced[1, :-1]

    cdef object _ids(self, mc_window *w, int wrong):
        ids = np.empty(w.n_ids, np.uint32)
        cdef uint32_t[::1] view = ids
        if w.n_ids:
            memcpy(&view[0], w.id, w.n_ids * sizeof(uint32_t))
        free(w.id)
        if wrong:
            raise MemoryError("the spikes of one window")
        return ids

    def part(self, uint64_t first, uint32_t steps):
        """Return what this rank has to tell the others after some steps, (3 + steps + n,) uint32: failure, counts, ids."""
        cdef uint32_t k
        cdef uint32_t *count
        cdef uint32_t *begin
        words = [np.array([self.it.failure[8 * self.it.rank], self.it.failure[8 * self.it.rank + 1] & 0xffffffff,
                           self.it.failure[8 * self.it.rank + 1] >> 32, *([0] * steps)], np.uint32)]
        for k in range(steps):
            slot = (first + k + 1) & (self.it.slots - 1)
            count = self.it.ring_count + <uint64_t>slot * self.it.stride + self.it.rank * 16
            begin = self.it.ring_id + <uint64_t>slot * self.it.neurons + self.it.first_id[self.it.rank]
            words[0][3 + k] = count[0]
            if count[0]:
                words.append(np.asarray(<uint32_t[:count[0]]>begin))
        return np.concatenate(words)

    def take(self, uint64_t first, uint32_t steps, const uint32_t[::1] parts):
        """Put the parts of all ranks into the ring, and return their spikes as `advance` does: counts, ids."""
        cdef uint64_t place = 0, ids
        cdef uint32_t rank, k, slot, many
        cdef mc_window w
        cdef uint32_t[::1] spikes
        for rank in range(self.it.size):
            self.it.failure[8 * rank] = parts[place]
            self.it.failure[8 * rank + 1] = parts[place + 1] | <int64_t>parts[place + 2] << 32
            place, ids = place + 3, place + 3 + steps
            for k in range(steps):
                slot, many = (first + k + 1) & (self.it.slots - 1), parts[place + k]
                self.it.ring_count[<uint64_t>slot * self.it.stride + rank * 16] = many
                if many:
                    memcpy(self.it.ring_id + <uint64_t>slot * self.it.neurons + self.it.first_id[rank], &parts[ids],
                           many * sizeof(uint32_t))
                ids += many
            place = ids
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        w.first, w.steps, w.spikes, w.id, w.n_ids, w.id_capacity = first, steps, &spikes[0], NULL, 0, 0
        cdef int wrong = mc_keep(&self.it, &w, 0, steps)
        return counts, self._ids(&w, wrong)
