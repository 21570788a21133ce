"""Hold the arrays of a group's share of the network and hand them to the kernel (engine.h says what each of them is)."""

cimport cython
from libc.math cimport isfinite
from libc.stdint cimport int64_t, uint64_t

from cosim.elementary cimport cosim_exp

import numpy as np

from cosim.levels import chosen_level

STRETCH = 128  # the largest number of steps in one call


cdef extern from "engine.h" nogil:
    ctypedef struct brain_links:
        const int64_t *begin
        const int64_t *offset
        const double *weight
    ctypedef struct brain:
        int64_t n, m, row, origin, block, model, scheme, level
        uint64_t key
        double dt, gain
        const int64_t *region
        const int64_t *given
        int64_t n_given
        brain_links along, brief, instant
        const double *self_weight
        const int64_t *self_delay
        int64_t any_self, self_delayed
        const double *parameters
        const double *low
        const double *high
        const double *sigma
        int64_t noisy
        double *history
        double *ahead
        double *base
        double *x
        double *y
        double *dx
        double *dy
        double *sent
        double *total
        double *input
        double *drawn
        const double *held
        const double *drive
        const double *outside
        int64_t has_input, from_outside
        double *states
        double *rates
    int64_t brain_best_level() noexcept
    void brain_open(brain *b, int64_t k, int64_t steps) noexcept
    void brain_predict(brain *b, int64_t k, int64_t s, int64_t at) noexcept
    void brain_correct(brain *b, int64_t k, int64_t s, int64_t at) noexcept
    void brain_close(brain *b, int64_t steps) noexcept
    void brain_finish(brain *b, int64_t k, int64_t at) noexcept
    void brain_block(brain *b, int64_t k, int64_t steps, int64_t at) noexcept
    void brain_run(brain *b, int64_t k, int64_t steps) noexcept
    void brain_afferent(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count,
                        double *out) noexcept
    double brain_source(int64_t model, const double *p, int64_t m, const double *x) noexcept
    double brain_follow(int64_t model, const double *p, int64_t m, double h, double start, double stop, double dt) noexcept


def exponential(double x):
    """Return exp(x) with the bits that the kernel gives it."""
    return cosim_exp(x)


def levels():
    """Return the names of the instruction sets that this processor has kernels for, the simplest first."""
    return ("baseline", "x86-64-v3", "x86-64-v4")[:brain_best_level() + 1]


def _zeros(*shape):
    """Return zeros that start on a cache line."""
    size = int(np.prod(shape))
    raw = np.zeros(size + 8)
    first = (-raw.ctypes.data // 8) % 8
    return raw[first:first + size].reshape(shape)


@cython.final
cdef class LinkTable:
    """Keep links of some targets where the kernel finds them."""

    cdef brain_links links
    cdef readonly object arrays

    def __init__(self, begin, source, delay, weight, int64_t row):
        cdef const int64_t[::1] b = np.ascontiguousarray(begin, np.int64)
        cdef const int64_t[::1] o = np.append(np.asarray(source, np.int64) * row - np.asarray(delay, np.int64), 0)
        cdef const double[::1] w = np.append(np.asarray(weight, np.float64), 0.0)
        self.arrays = (b, o, w)
        self.links.begin, self.links.offset, self.links.weight = &b[0], &o[0], &w[0]


@cython.final
cdef class Engine:
    """Step the regions that one rank simulates."""

    cdef brain b
    cdef readonly int64_t n, m, regions, variables, inputs, row, margin
    cdef readonly object history, rate_history, state, slope, states, rates, held, drive, outside
    cdef object _kept
    cdef LinkTable _along, _brief, _instant

    def __init__(self, int64_t model, int64_t scheme, double dt, double gain, region, given, int64_t regions, int64_t longest,
                 int64_t block, along, brief, instant, self_weight, self_delay, parameters, low, high, sigma, int64_t inputs,
                 bint rate_history, bint from_outside, uint64_t key, int64_t level=-1):
        self.n, self.regions, self.variables, self.inputs = len(region), regions, len(low), inputs
        self.m = (self.n + 7) // 8 * 8
        self.margin = longest + 1
        # Not a multiple of 64 doubles, or all rows would fall on the same sets of the cache.
        self.row = (2 * self.margin + 4 * STRETCH + 64) // 64 * 64 + 24
        cdef int64_t n = self.n, m = self.m
        wide = np.minimum(np.arange(m), n - 1)
        cdef int64_t[::1] region_ = np.asarray(region, np.int64).copy()
        cdef int64_t[::1] given_ = np.append(np.asarray(given, np.int64), 0)
        cdef double[::1] self_weight_ = _zeros(m)
        cdef int64_t[::1] self_delay_ = np.zeros(m, np.int64)
        cdef double[:, ::1] parameters_ = _zeros(len(parameters), m)
        np.asarray(self_weight_)[:n], np.asarray(self_delay_)[:n] = self_weight, self_delay
        np.asarray(parameters_)[...] = np.asarray(parameters, np.float64)[:, wide]
        cdef double[::1] low_ = np.asarray(low, np.float64).copy(), high_ = np.asarray(high, np.float64).copy()
        cdef double[::1] sigma_ = np.asarray(sigma, np.float64).copy()
        cdef double[::1] ahead = _zeros(regions), sent = _zeros(m), total = _zeros(m)
        cdef double[:, ::1] history = _zeros(regions, self.row), base = _zeros(block + 1, m), x = _zeros(self.variables, m)
        cdef double[:, ::1] y = _zeros(self.variables, m), dx = _zeros(self.variables, m), dy = _zeros(self.variables, m)
        cdef double[:, ::1] add = _zeros(inputs, m)
        cdef double[:, :, ::1] drawn = _zeros(block, self.variables, m), states = _zeros(STRETCH, self.variables, m)
        cdef double[:, ::1] rates = _zeros(STRETCH + 1, m), drive = _zeros(STRETCH + 1, m), outside = _zeros(STRETCH + 1, m)
        cdef double[:, :, ::1] held = _zeros(STRETCH + 1, inputs, m)
        self._along, self._brief, self._instant = LinkTable(*along, self.row), LinkTable(*brief, self.row), LinkTable(*instant, self.row)
        self.history, self.state, self.slope = np.asarray(history), np.asarray(x), np.asarray(dx)
        self.states, self.rates = np.asarray(states), np.asarray(rates)
        self.held, self.drive, self.outside = np.asarray(held), np.asarray(drive), np.asarray(outside)
        self.rate_history = _zeros(regions, self.row) if rate_history else None
        self._kept = (region_, given_, self_weight_, self_delay_, parameters_, low_, high_, sigma_, ahead, sent, total, base, y, dy,
                      add, drawn)
        b = &self.b
        b.n, b.m, b.row, b.origin, b.block = n, m, self.row, -self.margin, block
        b.model, b.scheme, b.key, b.dt, b.gain = model, scheme, key, dt, gain
        b.level = chosen_level(levels()) if level < 0 else min(level, brain_best_level())
        b.region, b.given, b.n_given = &region_[0], &given_[0], len(given)
        b.along, b.brief, b.instant = self._along.links, self._brief.links, self._instant.links
        b.self_weight, b.self_delay = &self_weight_[0], &self_delay_[0]
        b.any_self, b.self_delayed = bool(np.any(self_weight_)), bool(np.any(np.asarray(self_delay_)[np.asarray(self_weight_) != 0]))
        b.parameters, b.low, b.high, b.sigma, b.noisy = &parameters_[0, 0], &low_[0], &high_[0], &sigma_[0], bool(np.any(sigma_))
        b.history, b.ahead, b.base, b.x, b.y = &history[0, 0], &ahead[0], &base[0, 0], &x[0, 0], &y[0, 0]
        b.dx, b.dy, b.sent, b.total, b.input, b.drawn = &dx[0, 0], &dy[0, 0], &sent[0], &total[0], &add[0, 0], &drawn[0, 0, 0]
        b.held, b.drive, b.outside, b.states, b.rates = &held[0, 0, 0], &drive[0, 0], &outside[0, 0], &states[0, 0, 0], &rates[0, 0]
        b.from_outside = from_outside

    def start(self, state, sent):
        """Set the state at instant 0, (variables, n), and what every region has sent up to then, (regions,)."""
        self.state[:, :self.n] = state
        self.state[:, self.n:] = np.asarray(state)[:, -1:]
        self.history[:, :self.margin + 1] = np.asarray(sent)[:, None]
        for i in range(self.m):
            self.b.sent[i] = sent[self.b.region[min(i, self.n - 1)]]
        brain_open(&self.b, -1, 1)
        cdef int64_t e
        for i in range(self.n):  # the short links of instant 0, which no step comes before
            for e in range(self.b.brief.begin[i], self.b.brief.begin[i + 1]):
                self.b.base[self.m + i] += self.b.brief.weight[e] * self.b.history[self.margin + self.b.brief.offset[e]]
        brain_close(&self.b, 1)

    def place(self, int64_t k):
        """Return the column of the history that holds instant k."""
        return k - self.b.origin

    def make_room(self, int64_t k, int64_t steps):
        """Slide the histories back when the instants up to k + steps do not fit."""
        if k + steps + 40 - self.b.origin <= self.row:
            return
        first = k - self.margin - self.b.origin
        for history in (self.history, self.rate_history):
            if history is not None:
                history[:, :self.margin + 1] = history[:, first:first + self.margin + 1].copy()
        self.b.origin = k - self.margin

    def expect_input(self, bint present):
        """Say whether stimuli or drives add anything in the coming stretch."""
        if not present and self.b.has_input:
            for i in range(self.inputs * self.m):
                self.b.input[i] = 0.0
        self.b.has_input = present

    def run(self, int64_t k, int64_t steps):
        """Go through a stretch of steps, alone."""
        with nogil:
            brain_run(&self.b, k, steps)

    def block(self, int64_t k, int64_t steps, int64_t at):
        """Go through one block of a stretch."""
        with nogil:
            brain_block(&self.b, k, steps, at)

    def predict(self, int64_t k, int64_t at):
        """Go through the first stage of a block of one step."""
        brain_open(&self.b, k, 1)
        brain_predict(&self.b, k, 0, at)

    def predicted(self):
        """Return what the regions of this rank are predicted to send, (n,)."""
        return np.array([self.b.sent[i] for i in range(self.n)])

    def set_ahead(self, region, values):
        """Set what other ranks' regions are predicted to send."""
        for r, v in zip(region, values, strict=True):
            self.b.ahead[<int64_t>r] = v

    def correct(self, int64_t k, int64_t at):
        """Go through the second stage of a block of one step."""
        brain_correct(&self.b, k, 0, at)
        brain_close(&self.b, 1)

    def finish(self, int64_t k, int64_t at):
        """Work out the rates at the end of a stretch."""
        brain_finish(&self.b, k, at)

    def afferent(self, LinkTable links, int64_t target, int64_t k, int64_t count, bint of_rates):
        """Return the sum over a target's links at the instants k .. k + count - 1, (count,)."""
        cdef double[::1] out = np.empty(count)
        cdef double[:, ::1] history = self.rate_history if of_rates else self.history
        with nogil:
            brain_afferent(&self.b, &history[0, 0], &links.links, target, k, count, &out[0])
        return np.asarray(out)

    def finite(self, int64_t steps):
        """Return whether every state that a stretch reached is a finite number."""
        cdef double[:, :, ::1] states = self.states
        cdef double sum_ = 0
        cdef int64_t v, i
        with nogil:
            for v in range(self.variables):
                for i in range(self.n):
                    sum_ += states[steps - 1, v, i] * 0.0
        return bool(isfinite(sum_))


def follow(int64_t model, parameters, double h, rates, double dt):
    """Return what a region sends at each instant when its rates are given, Hz: (n,) from (n + 1,), beginning after h."""
    cdef const double[::1] p = np.ascontiguousarray(parameters, np.float64)
    cdef const double[::1] r = np.ascontiguousarray(rates, np.float64)
    cdef double[::1] out = np.empty(len(r) - 1)
    cdef int64_t k
    for k in range(len(r) - 1):
        h = brain_follow(model, &p[0], 1, h, r[k], r[k + 1], dt)
        out[k] = h
    return np.asarray(out)


def source(int64_t model, parameters, state):
    """Return what regions send in a state: (n,) from (rows, n) and (variables, n)."""
    cdef const double[:, ::1] p = np.ascontiguousarray(parameters, np.float64)
    cdef const double[:, ::1] x = np.ascontiguousarray(state, np.float64)
    cdef double[::1] out = np.empty(x.shape[1])
    cdef int64_t i
    for i in range(x.shape[1]):
        out[i] = brain_source(model, &p[0, i], x.shape[1], &x[0, i])
    return np.asarray(out)
