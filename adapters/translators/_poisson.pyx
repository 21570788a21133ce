"""Draw superposed Poisson spikes for many neurons; `cosim.adapters.translators.poisson` is the slow twin."""

import numpy as np

from libc.stdint cimport int16_t, int64_t, uint8_t, uint64_t

cdef extern from "poisson.h" nogil:
    ctypedef struct cosim_poisson:
        double mean
    void cosim_poisson_set(cosim_poisson* table, double mean) noexcept

cdef extern from "events.h" nogil:
    void poisson_words(uint64_t key, uint64_t tick, int64_t groups, int16_t* words) noexcept
    int64_t poisson_count(const cosim_poisson* table, uint64_t key, uint64_t tick, const int16_t* words, int64_t first, int64_t stop,
                          uint8_t* counts) noexcept


def events(uint64_t key, const int64_t[::1] ticks, const double[:, ::1] means, const int64_t[::1] first):
    """Return the instant and the neuron of each event, sorted by instant, then by neuron.

    Parameters
    ----------
    key : int
        Random stream.
    ticks : (n_steps,) int64
        Instants.
    means : (n_steps, n_channels) float64
        Mean number of events of a neuron in the step that ends at each instant, 0 to 50.
    first : (n_channels + 1,) int64
        First neuron that each channel feeds, and the number of neurons; ascending.

    Returns
    -------
    ticks, ids : (n_events,) int64
    """
    cdef Py_ssize_t steps = ticks.shape[0], channels = first.shape[0] - 1
    cdef int64_t neurons = first[channels], groups = (neurons + 127) // 128, total = 0, n, place = 0
    cdef Py_ssize_t s, c
    cdef uint8_t _k
    cdef cosim_poisson table
    cdef uint8_t[:, ::1] counts = np.zeros((max(steps, 1), max(neurons, 1)), np.uint8)
    cdef int16_t[::1] words = np.empty(max(groups, 1) * 128, np.int16)
    with nogil:
        cosim_poisson_set(&table, 0.)
        for s in range(steps):
            poisson_words(key, <uint64_t>ticks[s], groups, &words[0])
            for c in range(channels):
                if means[s, c] != table.mean:
                    cosim_poisson_set(&table, means[s, c])
                total += poisson_count(&table, key, <uint64_t>ticks[s], &words[0], first[c], first[c + 1], &counts[s, 0])
    ticks_array, ids_array = np.empty(total, np.int64), np.empty(total, np.int64)
    cdef int64_t[::1] when = ticks_array, who = ids_array
    with nogil:
        for s in range(steps):
            for n in range(neurons):
                for _k in range(counts[s, n]):
                    when[place] = ticks[s]
                    who[place] = n
                    place += 1
    return ticks_array, ids_array
