# The regions of one rank that have one model, and links, where the kernel finds them.


@cython.final
cdef class LinkTable:
    """Keep links of some targets where the kernel finds them: first link of each target, source row, delay in steps and weight of each."""

    cdef brain_links links
    cdef readonly object arrays

    def __init__(self, begin, source, delay, weight, int64_t row):
        b = np.array(begin, np.int64)
        o = np.append(np.asarray(source, np.int64) * row - np.asarray(delay, np.int64), 0)
        w = np.append(np.asarray(weight, np.float64), 0.0)
        self.arrays = (b, o, w)
        self.links.begin, self.links.offset, self.links.weight = _ints(b), _ints(o), _at(w)


@cython.final
cdef class Patch:
    """Hold the regions of one rank that have one model.

    Parameters are those of `PatchSetting` in ``patches.py``, in the kernel's order; ``room`` is the number of steps in a block.
    """

    cdef brain_patch p
    cdef readonly int64_t n, m, variables, inputs, received, sends
    cdef readonly object drive
    cdef object _states, _rates, _held, _judged, _kept

    def __init__(self, str model, regions, row, parameters, own, shift, low, high, sigma, by, double gain, int64_t room):
        cdef const brain_model *found = _model(model)
        self.n = len(regions)
        self.m = (self.n + 7) // 8 * 8
        self.variables, self.received, self.inputs = found.counts[0], found.counts[2], found.counts[3]
        self.sends = found.sends
        n, m, v, r, s, i = self.n, self.m, self.variables, self.received, self.sends, self.inputs
        chunks = m // WIDE
        region_ = np.ascontiguousarray(np.asarray(regions, np.int64)[np.minimum(np.arange(m), n - 1)])
        row_ = np.array(row, np.int64).reshape(s, n)
        parameters_ = self.chunked(parameters) if found.counts[1] else _zeros(m)
        own_, shift_ = (self.chunked(own), self.chunked(shift)) if r else (_zeros(s * m), _zeros(m))
        bounds = np.array([low, high], np.float64)
        sigma_, by_ = np.array(sigma, np.float64), np.array(by, np.int64)
        self._states, sent, ahead = _zeros(STRETCH + 1, chunks, v, WIDE), _zeros(s * m), _zeros(s * m)
        slope, stage, rest, total = _zeros(4 * v * m), _zeros(v * m), _zeros(max(v, i) * m), _zeros(max(r, 1) * m)
        add, drawn, self._rates = _zeros(2, max(i, 1) * m), _zeros(room * v * m), _zeros(STRETCH + 1, m)
        self._held, self.drive, work = _zeros(STRETCH + 1, chunks, max(i, 1), WIDE), _zeros(STRETCH + 1, m), _zeros(v * (v + 2) * m)
        self._kept = (region_, row_, parameters_, own_, shift_, bounds, sigma_, by_, ahead, slope, stage, rest, add, drawn, work, sent,
                      total)
        self._judged = _zeros(m)
        cdef brain_patch *p = &self.p
        p.model = found
        p.n = n
        p.m = m
        p.gain = gain
        p.region = _ints(region_)
        p.row = _ints(row_)
        p.parameters = _at(parameters_)
        p.own = _at(own_)
        p.shift = _at(shift_)
        p.low = _at(bounds[0])
        p.high = _at(bounds[1])
        p.sigma = _at(sigma_)
        p.by = _ints(by_)
        p.noisy = bool(np.any(sigma_))
        p.multiplied = bool(np.any(by_[sigma_ != 0]))
        p.has_own = bool(np.any(own_))
        p.states = _at(self._states)
        p.sent = _at(sent)
        p.ahead = _at(ahead)
        p.slope = _at(slope)
        p.stage = _at(stage)
        p.rest = _at(rest)
        p.total = _at(total)
        p.drawn = _at(drawn)
        p.rates = _at(self._rates)
        p.input[0] = _at(add[0])
        p.input[1] = _at(add[1])
        p.held = _at(self._held)
        p.drive = _at(self.drive)
        p.work = _at(work)

    def chunked(self, values):
        """Return rows, (..., n), chunk by chunk as the kernel has them, (chunks, ..., 8), padded with the last region's."""
        wide = np.asarray(values, np.float64)[..., np.minimum(np.arange(self.m), self.n - 1)]
        parts = np.moveaxis(wide.reshape(*wide.shape[:wide.ndim - 1], self.m // WIDE, WIDE), -2, 0)
        kept = _zeros(*parts.shape)
        kept[...] = parts
        return kept

    def flat(self, chunks):
        """Return rows, (..., n), of what the kernel has chunk by chunk, (chunks, ..., 8)."""
        parts = np.moveaxis(chunks, 0, -2)
        return parts.reshape(*parts.shape[:parts.ndim - 2], self.m)[..., :self.n]

    def states(self, int64_t first, int64_t stop):
        """Return the states after `first` to `stop` - 1 steps of the stretch, (steps, variables, n)."""
        return np.moveaxis(self._states[first:stop], 1, 2).reshape(stop - first, self.variables, self.m)[..., :self.n]

    def rates(self, int64_t first, int64_t stop):
        """Return the rates at the instants `first` to `stop` - 1 of the stretch, (steps, n), Hz."""
        return self._rates[first:stop, :self.n]

    def give(self, int64_t what, int64_t first, double[:, ::1] out, const int64_t[::1] columns):
        """Write a variable, or the rates where `what` is -1, of all regions at the instants `first` ... of the stretch, one a row of `out`.

        `columns`, (n,), says where in a row each region goes; they ascend.
        """
        if not out.shape[0] or not self.n:
            return
        cdef int64_t rows = 1 if what < 0 else self.variables
        cdef const double *given = self.p.states + what * WIDE
        if what < 0:
            given = self.p.rates
        given += first * rows * self.m
        brain_give(given, rows, self.n, self.m, out.shape[0], &out[0, 0], out.shape[1], &columns[0])

    def finite(self, int64_t at):
        """Return whether every state after `at` steps of the stretch is a finite number."""
        cdef int64_t count = self.variables * self.m
        return bool(brain_finite(self.p.states + at * count, count))

    def hold(self, rows, int64_t into, int64_t region, amplitude):
        """Add a stimulus to an input of a region in some steps of the stretch: a number, or (rows,)."""
        self._held[rows, region // WIDE, into, region % WIDE] += amplitude

    def quieten(self):
        """Forget stimuli and drives."""
        self._held[...], self.drive[...], self._kept[12][...] = 0.0, 0.0, 0.0

    def set_state(self, state):
        """Begin the coming stretch in a state, (variables, n)."""
        self._states[...] = self.chunked(state)
        self._kept[15][...] = self.chunked(self.send(state)).ravel()

    def carry_over(self, int64_t steps):
        """Make the state after so many steps of the stretch the first of the next one."""
        self._states[0] = self._states[steps]

    def evaluate(self, x, c, u, int64_t level=-1):
        """Return slopes, (variables, n), and rates, (n,), of a state with what is received and added, by the kernel."""
        cdef int64_t at = _level(level)
        x_, d, rate = self.chunked(x), _zeros(self.m // WIDE, self.variables, WIDE), _zeros(self.m)
        c_ = self.chunked(c) if self.received else _zeros(self.m)
        u_ = self.chunked(u) if self.inputs else _zeros(self.m)
        self.p.model.level[at].slopes(&self.p, _at(x_), _at(c_), _at(u_), _at(d), _at(rate))
        return self.flat(d).copy(), rate[:self.n].copy()

    def send(self, x, int64_t level=-1):
        """Return what the regions send in a state, (sends, n)."""
        x_, out = self.chunked(x), _zeros(self.m // WIDE, self.sends, WIDE)
        self.p.model.level[_level(level)].send(&self.p, _at(x_), _at(out))
        return self.flat(out).copy()

    def judge(self, x):
        """Return where a state lies inside what the model was made for, (n,) bool."""
        x_, out = self.chunked(x), _zeros(self.m)
        self.p.model.level[0].judge(&self.p, _at(x_), _at(out))
        return out[:self.n] != 0.0

    def inside(self, int64_t at):
        """Return where the state after `at` steps of the stretch lies inside what the model was made for, (n,) bool."""
        self.p.model.level[0].judge(&self.p, self.p.states + at * self.variables * self.m, _at(self._judged))
        return self._judged[:self.n] != 0.0

    def column(self, int64_t received, int64_t region):
        """Return the column of the network's sums for one received sum of one region of this patch."""
        return self.p.base + (region // WIDE * self.received + received) * WIDE + region % WIDE

    def place_at(self, int64_t base, int64_t row):
        """Say where this patch begins in the sums, and how long a row of the history is."""
        self.p.base = base
        self._kept[1][self._kept[1] >= 0] *= row

    def follow(self, int64_t region, double h, rates, double dt, double low, double high):
        """Return what a region sends at each instant when its rates are given, Hz: (k,) from (k + 1,), beginning after h."""
        cdef const double[::1] r = np.ascontiguousarray(rates, np.float64)
        cdef double[::1] out = np.empty(len(r) - 1)
        cdef int64_t k
        for k in range(len(r) - 1):
            h = self.p.model.level[0].follow(&self.p, region, h, r[k], r[k + 1], dt, low, high)
            out[k] = h
        return np.asarray(out)
