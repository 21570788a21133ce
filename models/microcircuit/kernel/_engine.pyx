"""Hold one rank's part of a network and advance it, one C call a window; the C stands in the headers beside this file."""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint16_t, uint32_t, uint64_t, uint8_t
from libc.stdlib cimport free
from libc.string cimport memcpy

from cosim.meeting cimport cosim_meeting


include "engine.pxi"

CHUNK, SLOT_BITS, NO_ROOM, ROW_TOO_LONG = MC_CHUNK, MC_SLOT_BITS, MC_NO_ROOM, MC_ROW_TOO_LONG
LARGEST_MEAN = COSIM_LARGEST_MEAN
MOST_STATES, MOST_CONSTANTS, MOST_INPUTS, MOST_BACKGROUNDS = MC_STATES, MC_CONSTANTS, MC_INPUTS, MC_BACKGROUNDS


def kernels():
    """Return the step functions that were compiled: number, names of states, constants and inputs of each, by its name."""
    found = {}
    cdef const mc_kernel *k
    while mc_kernels[len(found)]:
        k = mc_kernels[len(found)]
        found[k.name.decode()] = (len(found), tuple(k.states[i].decode() for i in range(k.n_states)),
                                  tuple(k.constants[i].decode() for i in range(k.n_constants)),
                                  tuple(k.inputs[i].decode() for i in range(k.n_inputs)))
    return found


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
    populations : list of (int, (n,) int, (n,) float64, (n,) float64, list of backgrounds)
        For each population: number of its kernel (see `kernels`), which array of state holds each of its state variables, its constants,
        what one unit of a synapse is worth at each of its inputs, and its external neurons: (key, spikes in a step for each Hz, weight,
        input, column of the rates, one bit for each local neuron that hears them or None).
    arrays : (int, int)
        Arrays of state, of which the first is ``rest``; most inputs of any population.
    runs : (n_runs, 4) int64
        Population, first local index, chunks, and what to add to a local index to get the id.
    own : (local / 64,) uint64
        One bit for each neuron that is this rank's own.
    random_key : int
        Random stream of the neurons themselves.
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
    cdef size_t synapse_bytes, state_bytes, due_bytes, input_bytes

    def __init__(self, int level, bint is_double, place, uint32_t neurons, uint32_t local, uint32_t first_chunk, list populations,
                 arrays, int64_t[:, ::1] runs, uint64_t[::1] own, uint64_t random_key, delays, uint32_t[:, ::1] ring_id,
                 uint32_t[:, ::1] ring_count, int64_t[:, ::1] failure, const uint32_t[::1] first_id, meeting):
        cdef uint8_t[::1] room
        cdef mc_engine *e = &self.it
        cdef uint32_t width = 8 if is_double else 4, s
        e.level, e.level_number, e.is_double = mc_level_at(level), level, is_double
        e.neurons, e.local, e.first_chunk = neurons, local, first_chunk
        e.rank, e.size, e.spin = place
        e.n_populations, e.n_runs = len(populations), runs.shape[0]
        e.n_states, e.n_inputs = arrays
        e.own, e.random_key = &own[0], random_key
        e.least_delay, e.ages, e.slots = delays
        e.stride = ring_count.shape[1]
        e.ring_id, e.ring_count, e.failure, e.first_id = &ring_id[0, 0], &ring_count[0, 0], &failure[0, 0], &first_id[0]
        self.keep = [own, ring_id, ring_count, failure, first_id, meeting]
        if meeting is not None:
            room = meeting
            e.meeting = <cosim_meeting *>&room[0]
        self._set_populations(populations, runs)
        self.state_bytes, self.due_bytes = <size_t>local * width, MC_DUE * sizeof(mc_due)
        for s in range(e.n_states):
            e.state[s] = mc_pages(self.state_bytes)
            if e.state[s] == NULL:
                raise MemoryError("the state of the neurons")
        e.more, e.extra = mc_pages(self.state_bytes), mc_pages(self.state_bytes * e.n_inputs)
        e.due = <mc_due *>mc_pages(self.due_bytes)
        if not (e.more and e.extra and e.due):
            raise MemoryError("the input of the neurons")

    def _set_populations(self, list populations, int64_t[:, ::1] runs):
        cdef mc_engine *e = &self.it
        cdef Py_ssize_t i, j
        cdef const uint64_t[::1] heard
        cdef mc_population *p
        held = np.zeros(e.n_populations * sizeof(mc_population), np.uint8), np.zeros(e.n_runs * sizeof(mc_run), np.uint8)
        cdef uint8_t[::1] room = held[0], run_room = held[1]
        self.keep.extend(held)
        e.population, e.run = <mc_population *>&room[0], <mc_run *>&run_room[0]
        for i, (kernel, states, constants, units, backgrounds) in enumerate(populations):
            p = &e.population[i]
            p.kernel, p.backgrounds = mc_kernels[<Py_ssize_t>kernel], len(backgrounds)
            for j, state in enumerate(states):
                p.state[j] = state
            for j, constant in enumerate(constants):
                p.constant[j] = constant
            for j, unit in enumerate(units):
                p.unit[j] = unit
            for j, (key, counts_per_hz, weight, fed, rate, bits) in enumerate(backgrounds):
                if bits is not None:
                    heard = bits
                    self.keep.append(bits)
                    p.background[j].heard = &heard[0]
                p.background[j].key, p.background[j].counts_per_hz, p.background[j].weight = key, counts_per_hz, weight
                p.background[j].input, p.background[j].rate = fed, rate
        for i in range(runs.shape[0]):
            e.run[i].population, e.run[i].first, e.run[i].chunks = runs[i, 0], runs[i, 1], runs[i, 2]
            e.run[i].id_shift = runs[i, 3]

    def __dealloc__(self):
        cdef mc_engine *e = &self.it
        cdef uint32_t s
        for s in range(e.n_states):
            mc_pages_free(e.state[s], self.state_bytes)
        mc_pages_free(e.more, self.state_bytes)
        mc_pages_free(e.extra, self.state_bytes * e.n_inputs)
        mc_pages_free(e.input, self.input_bytes)
        mc_pages_free(e.due, self.due_bytes)
        mc_pages_free(e.synapse, self.synapse_bytes)
        mc_free_flights(e)

    def make_room(self, uint64_t synapses, uint32_t block, partial=None):
        """Make room for rows of at most so many synapses in all, onto blocks of so many targets.

        By edge, `partial` is zeros, (ranks, steps ahead, blocks * inputs * block) int32, shared by all ranks; (1, ...) where they share
        no memory.
        """
        cdef mc_engine *e = &self.it
        cdef int32_t[:, :, ::1] sums
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
        if partial is not None:
            sums = partial
            self.keep.append(partial)
            e.partial, e.partials, e.ahead, e.width = &sums[0, 0, 0], sums.shape[0], sums.shape[1], sums.shape[2]
        self.input_bytes = <size_t>e.n_blocks * e.n_inputs * block * 4
        e.input = <int32_t *>mc_pages(self.input_bytes)
        if e.input == NULL:
            raise MemoryError("the input of the neurons")
        if mc_make_flights(e):
            raise MemoryError("the spikes in flight")
        e.capacity, self.synapse_bytes = synapses, <size_t>(synapses + MC_BEYOND) * 4
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

    @property
    def address(self):
        """Where the engine lies in memory, for `Plasticity`."""
        return <size_t>&self.it

    def attach(self, store):
        """Use a store of plastic synapses from now on."""
        self.keep.append(store)
        self.it.plasticity = <mc_plasticity *><size_t>store.address

    def set_state(self, uint32_t state, const double[::1] values):
        """Set one array of state of all local neurons, (local,) float64."""
        cdef Py_ssize_t i
        for i in range(values.shape[0]):
            if self.it.is_double:
                (<double *>self.it.state[state])[i] = values[i]
            else:
                (<float *>self.it.state[state])[i] = <float>values[i]

    def state(self, uint32_t state):
        """Return one array of state, (local,) float64."""
        out = np.empty(self.it.local)
        cdef double[::1] view = out
        cdef uint32_t i
        for i in range(self.it.local):
            view[i] = (<double *>self.it.state[state])[i] if self.it.is_double else (<float *>self.it.state[state])[i]
        return out

    def row(self, uint32_t source):
        """Return the synapses of one source: (n, 4) int64 of local target, delay in steps, weight in units, input of the target."""
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
                    found.append((e.block[b].first + mc_slot_of(word[j]) % e.block[b].count, e.least_delay + a, mc_weight_of(word[j]),
                                  mc_slot_of(word[j]) // e.block[b].count))
        return np.array(found, np.int64).reshape(-1, 4)

    @property
    def synapses(self):
        """Number of synapses onto this rank's neurons."""
        return self.it.used

    @property
    def events(self):
        """Number of synapses that have been delivered so far."""
        return self.it.events

    def advance(self, uint64_t first, const double[:, ::1] rate_hz, const double[:, ::1] direct_pa, arrivals, currents,
                const uint32_t[:, ::1] trace, bint keep):
        """Advance over a window.

        Parameters
        ----------
        first : int
            Number of the first step.
        rate_hz : (steps, rates) float64
            Rate of one external neuron in each step.
        direct_pa : (steps, n_populations) float64
            Direct current in each step.
        arrivals : ((steps + 1,) int64, (n,) uint32, (n,) uint32, (n,) float64) or None
            Spikes from elsewhere: how many have arrived before each step's end; their neurons (local), inputs, weights.
        currents : ((n,) uint32, (n,) uint32, (n, steps) float64) or None
            Direct currents to ranges of neurons: first, stop (local indices), pA.
        trace : (traces, 2) uint32
            Local index and array of state of what is to be traced.
        keep : bool
            Whether to return the spikes.

        Returns
        -------
        spikes, ids : (steps,) uint32, (n,) uint32
            How many spikes each step of the window brought, and their ids; of all ranks where they share memory.
        traced : (traces, steps) float64
        """
        cdef mc_window w
        cdef uint32_t[::1] spikes
        cdef const int64_t[::1] upto
        cdef const uint32_t[::1] at, fed, low, high, local_of, state_of
        cdef const double[::1] weight
        cdef const double[:, ::1] current
        cdef double[:, ::1] traced
        cdef int wrong
        cdef uint32_t steps = rate_hz.shape[0]
        w.first, w.steps, w.rate_hz, w.rates, w.direct_pa = first, steps, &rate_hz[0, 0], rate_hz.shape[1], &direct_pa[0, 0]
        w.arrival_upto, w.id, w.n_ids, w.id_capacity, w.spikes, w.currents = NULL, NULL, 0, 0, NULL, 0
        if arrivals is not None and len(arrivals[1]):
            upto, at, fed, weight = arrivals
            w.arrival_upto, w.arrival_at, w.arrival_input, w.arrival_weight = &upto[0], &at[0], &fed[0], &weight[0]
        if currents is not None and len(currents[0]):
            low, high, current = currents
            w.currents, w.current_first, w.current_stop, w.current_pa = low.shape[0], &low[0], &high[0], &current[0, 0]
        out = np.empty((trace.shape[0] + 1, steps))
        traced = out
        places = np.ascontiguousarray(np.vstack([trace, np.zeros((1, 2), np.uint32)]).T)
        local_of, state_of = places[0], places[1]
        w.traces, w.traced, w.trace, w.trace_state = trace.shape[0], &traced[0, 0], &local_of[0], &state_of[0]
        counts = np.zeros(steps, np.uint32)
        spikes = counts
        if keep:
            w.spikes = &spikes[0]
        with nogil:
            wrong = mc_advance(&self.it, &w)
        ids = self._ids(&w, wrong)
        return counts, ids, out[:trace.shape[0]]

    cdef object _ids(self, mc_window *w, int wrong):
        ids = np.empty(w.n_ids, np.uint32)
        cdef uint32_t[::1] view = ids
        if w.n_ids:
            memcpy(&view[0], w.id, w.n_ids * sizeof(uint32_t))
        free(w.id)
        if wrong:
            raise MemoryError("the spikes of one window, or those that plastic synapses look back on")
        return ids

    @property
    def turn(self):
        """How many steps the ranks go without meeting."""
        return mc_turn(&self.it)

    def sums(self, uint64_t first, uint32_t steps):
        """Deliver what this rank's synapses bring in some steps; return the sums as the other ranks take them by `add`, (n,) uint32."""
        told = np.empty(1 + <size_t>steps * self.it.width, np.uint32)
        cdef uint32_t[::1] view = told
        cdef uint64_t n
        with nogil:
            mc_deliver_ahead(&self.it, first, steps)
            n = mc_pack(&self.it, steps, &view[0])
        return told[:n]

    def add(self, uint32_t steps, const uint32_t[::1] parts):
        """Add the sums of all ranks, joined in their order."""
        cdef uint64_t place = 0
        cdef uint32_t rank
        for rank in range(self.it.size):
            place += mc_unpack(&self.it, steps, &parts[place], rank == self.it.rank)

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
