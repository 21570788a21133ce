"""Hold the arrays of a group's share of the network and hand them to the kernel (engine.h and patch.h say what each of them is)."""

cimport cython
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

import numpy as np

from cosim.levels import chosen_level

STRETCH = 128  # the largest number of steps in one call
cdef enum:
    WIDE = 8  # regions in a chunk: BRAIN_WIDE of patch.h


include "engine.pxi"


def levels():
    """Return the names of the instruction sets that this processor has kernels for, the simplest first."""
    return ("baseline", "x86-64-v3", "x86-64-v4")[:brain_best_level() + 1]


def kernels():
    """Return for each compiled model what its equations read: names of state, parameters, received sums and inputs."""
    found = {}
    cdef int64_t q = 0
    cdef const brain_model *m
    while brain_models[q] != NULL:
        m = brain_models[q]
        found[m.name.decode()] = ([m.x[i].decode() for i in range(m.counts[0])], [m.p[i].decode() for i in range(m.counts[1])],
                                  [m.c[i].decode() for i in range(m.counts[2])], [m.u[i].decode() for i in range(m.counts[3])])
        q += 1
    return found


cdef const brain_model *_model(str name):
    cdef int64_t q = 0
    while brain_models[q] != NULL:
        if brain_models[q].name.decode() == name:
            return brain_models[q]
        q += 1
    raise KeyError(name)


def _zeros(*shape):
    """Return zeros that start on a cache line."""
    size = int(np.prod(shape))
    raw = np.zeros(size + 8)
    first = (-raw.ctypes.data // 8) % 8
    return raw[first:first + size].reshape(shape)


cdef double *_at(array):
    """Return where the numbers of an array lie; it must stay alive."""
    return <double *><size_t>array.ctypes.data


cdef int64_t *_ints(array):
    return <int64_t *><size_t>array.ctypes.data


def _level(int64_t level):
    return chosen_level(levels()) if level < 0 else min(level, brain_best_level())


include "patch.pxi"


def _by_eights(links, column, int64_t groups):
    """Return instant links for eight columns of the sums at once: first link of each eight, source row, and eight weights."""
    begin, source, _, weight = (np.asarray(x) for x in links)
    columns = np.repeat(np.asarray(column)[:len(begin) - 1], np.diff(begin))
    pairs, which = np.unique(np.stack((columns // WIDE, np.asarray(source, np.int64)), axis=1), axis=0, return_inverse=True)
    weights = _zeros(len(pairs) + 1, WIDE)
    weights[which.ravel(), columns % WIDE] = weight
    return (np.searchsorted(pairs[:, 0], np.arange(groups + 1)).astype(np.int64), np.append(pairs[:, 1], 0).astype(np.int64), weights)


@cython.final
cdef class Engine:
    """Step the regions that one rank simulates.

    Parameters
    ----------
    patches : sequence of Patch
        The regions, by model; together they have a column for each target: patch by patch, received sum by received sum, region by region.
    rows : int
        Rows of the history; `given` are those that come from outside.
    longest, block : int
        Longest delay and length of a block, steps.
    along, brief, instant : (begin, source row, delay, weight)
        Links by target.
    self_links : sequence of (patch, received, region of the patch, source row, delay, weight)
        Connections of regions with themselves that have a delay.
    scheme, coupling : int
        Numbers of the scheme and of the coupling function; `curve` holds the constants of the latter.
    rate_rows : int
        Rows of a history of rates, one a region of the network; 0 for none.
    from_outside : bool
        Whether the sums come from outside.
    apart : bool
        Whether both stages of a step must be taken one after the other, as other ranks ask for what is predicted.
    """

    cdef brain b
    cdef readonly int64_t regions, row, margin, width, first
    cdef readonly object patches, history, rate_history, outside
    cdef object _kept
    cdef LinkTable _along, _brief

    def __cinit__(self):
        self.b.patch = NULL

    def __dealloc__(self):
        free(self.b.patch)

    def __init__(self, patches, int64_t rows, given, int64_t longest, int64_t block, along, brief, instant, self_links, int64_t scheme,
                 double dt, double gain, int64_t coupling, curve, int64_t rate_rows, bint from_outside, uint64_t key,
                 bint apart=False, int64_t level=-1):
        self.patches = tuple(patches)
        self.margin = longest + 1
        # Long enough that rows seldom slide back; not a multiple of 64 doubles, or all would fall on the same sets of the cache.
        self.row = (2 * self.margin + 16 * STRETCH + 128) // 64 * 64 + 24
        cdef brain *b = &self.b
        b.patch = <brain_patch *>calloc(len(self.patches), sizeof(brain_patch))
        if b.patch == NULL:
            raise MemoryError
        columns, width = [], 0
        cdef int64_t q
        cdef Patch patch
        for q in range(len(self.patches)):
            patch = self.patches[q]
            patch.place_at(width, self.row)
            b.patch[q] = patch.p
            columns += [patch.column(r, i) for r in range(patch.received) for i in range(patch.n)]
            width += patch.received * patch.m
        self.width = width
        column_, given_ = np.array([*columns, 0], np.int64), np.array([*given, 0], np.int64)
        self_weight, self_at = _zeros(max(width, 1)), np.zeros(max(width, 1), np.int64)
        for at, r, region, source, delay, weight in self_links:
            column = self.patches[at].column(r, region)
            self_weight[column], self_at[column] = weight, source * self.row - delay
        self.history, self.outside = _zeros(rows, self.row), _zeros(STRETCH + 1, max(width, 1))
        self.rate_history = _zeros(rate_rows, self.row) if rate_rows else None
        ahead, base = _zeros(rows), _zeros(block + 1, max(width, 1))
        self._along, self._brief = LinkTable(*along, self.row), LinkTable(*brief, self.row)
        together = _by_eights(instant, column_, max(width, WIDE) // WIDE)
        briefly = np.flatnonzero(np.diff(self._brief.arrays[0]))
        self._kept = (column_, given_, self_weight, self_at, ahead, base, briefly, together)
        b.patches = len(self.patches)
        b.targets = len(columns)
        b.width = width
        b.column = _ints(column_)
        b.row = self.row
        b.origin = -self.margin
        b.block = block
        b.scheme = scheme
        b.level = _level(level)
        b.coupling = coupling
        b.key = key
        b.dt = dt
        b.gain = gain
        for q in range(5):
            b.curve[q] = curve[q] if q < len(curve) else 0.0
        b.along = self._along.links
        b.brief = self._brief.links
        b.instant.begin, b.instant.offset, b.instant.weight = _ints(together[0]), _ints(together[1]), _at(together[2])
        b.at_once = len(instant[1]) > 0
        b.briefly = _ints(briefly)
        b.n_briefly = len(briefly)
        b.self_weight = _at(self_weight)
        b.self_at = _ints(self_at)
        b.self_delayed = len(self_links) > 0
        b.given = _ints(given_)
        b.n_given = len(given)
        b.history = _at(self.history)
        b.ahead = _at(ahead)
        b.base = _at(base)
        b.outside = _at(self.outside)
        b.from_outside = from_outside
        multiplied = any((<Patch>each).p.multiplied for each in self.patches)
        b.together = not apart and scheme in (1, 2) and coupling == 0 and not self_links and not multiplied and not len(instant[1])

    def start(self, states, sent, int64_t first=0):
        """Set the state at instant 0, (variables, n) of each patch, and what was sent up to then, (rows,) or (rows, margin + 1).

        `first` is the number that the step from instant 0 has in the noise.
        """
        sent = np.asarray(sent, np.float64)
        self.history[:, :self.margin + 1] = sent[:, None] if sent.ndim == 1 else sent
        for patch, state in zip(self.patches, states, strict=True):
            patch.set_state(state)
        brain_begin(&self.b)
        self.first = first
        self.b.origin = first - self.margin

    def place(self, int64_t k):
        """Return the column of the history that holds instant k."""
        return k + self.first - self.b.origin

    def make_room(self, int64_t k, int64_t steps):
        """Slide the histories back when the instants up to k + steps do not fit."""
        k += self.first
        if k + steps + 72 - self.b.origin <= self.row:
            return
        first = k - self.margin - self.b.origin
        for history in (self.history, self.rate_history):
            if history is not None:
                history[:, :self.margin + 1] = history[:, first:first + self.margin + 1]
        self.b.origin = k - self.margin

    def carry_over(self, int64_t steps):
        """Make the state after so many steps of the stretch the first of the next one."""
        for patch in self.patches:
            patch.carry_over(steps)

    def expect_input(self, bint present):
        """Say whether stimuli or drives add anything in the coming stretch."""
        if not present and self.b.has_input:
            for patch in self.patches:
                patch.quieten()
        self.b.has_input = present

    def run(self, int64_t k, int64_t steps):
        """Go through a stretch of steps, alone."""
        with nogil:
            brain_run(&self.b, k + self.first, steps)

    def block(self, int64_t k, int64_t steps, int64_t at):
        """Go through one block of a stretch."""
        with nogil:
            brain_block(&self.b, k + self.first, steps, at)

    def predict(self, int64_t k, int64_t at):
        """Go through the first stage of a block of one step."""
        brain_open(&self.b, k + self.first, 1)
        brain_predict(&self.b, k + self.first, 0, at)

    def ahead(self):
        """Return the array of what is sent at the predicted end of the step, (rows,)."""
        return self._kept[4]

    def correct(self, int64_t k, int64_t at):
        """Go through the second stage of a block of one step."""
        brain_correct(&self.b, k + self.first, 0, at)
        brain_close(&self.b, 1)

    def finish(self, int64_t k, int64_t at):
        """Work out the rates at the end of a stretch."""
        brain_finish(&self.b, k + self.first, at)

    def failed(self):
        """Return the number of a region whose implicit equation was not solved; -1 where there is none."""
        return self.b.failed - 1

    def afferent(self, LinkTable links, int64_t target, int64_t k, int64_t count, bint of_rates):
        """Return the sum over a target's links at the instants k .. k + count - 1, (count,)."""
        cdef double[::1] out = np.empty(count)
        cdef double *history = _at(self.rate_history if of_rates else self.history)
        with nogil:
            brain_afferent(&self.b, history, &links.links, target, k + self.first, count, &out[0])
        return np.asarray(out)

    def finite(self, int64_t steps):
        """Return whether every state that a stretch reached is a finite number."""
        return all((<Patch>patch).finite(steps) for patch in self.patches)
