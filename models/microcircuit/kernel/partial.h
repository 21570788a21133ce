/* Share out synapses by edge: a rank holds its share of every row, onto neurons of all ranks.
 *
 * Row `row` of n synapses (those of a source, or of a target under a fixed in-degree) is cut into as many contiguous shares as there are
 * ranks. Where n is no multiple of that, the rows take turns in whom they give one more, so that many short rows are shared as evenly as
 * one long one. Each rank sums what its share delivers into partial sums for all neurons, for as many steps ahead as the least delay and
 * memory allow; the ranks meet; each adds the partial sums of all for the neurons that it updates. They are integers: the order in
 * which they are added cannot matter.
 */
#ifndef MC_PARTIAL_H
#define MC_PARTIAL_H

#include "engine.h"

static inline uint32_t mc_share(uint32_t n, uint32_t row, uint32_t part, uint32_t parts) {
  return (uint32_t)(((uint64_t)n * part + row % parts) / parts);
}

/* Of synapses [*first, *stop) of a row, keep the share of one of `parts`. */
static inline void mc_narrow(uint32_t row, uint32_t part, uint32_t parts, uint32_t *first, uint32_t *stop) {
  uint32_t n = *stop - *first, begin = *first;
  *first = begin + mc_share(n, row, part, parts);
  *stop = begin + mc_share(n, row, part + 1, parts);
}

/* The local neurons that this rank updates: all of them, but where it holds synapses by edge. */
static inline uint32_t mc_own_first(const mc_engine *e) { return e->run[0].first; }
static inline uint32_t mc_own_stop(const mc_engine *e) {
  return e->run[e->n_runs - 1].first + e->run[e->n_runs - 1].chunks * MC_CHUNK;
}

/* How many steps the ranks go without meeting. */
static inline uint32_t mc_turn(const mc_engine *e) { return e->partial ? e->ahead : e->least_delay; }

static inline int32_t *mc_partial(const mc_engine *e, uint32_t rank, uint32_t k) {
  return e->partial + ((uint64_t)rank * e->ahead + k) * e->width;
}

/* The partial sums of this rank itself: the only ones it sees, where the ranks share no memory. */
static inline int32_t *mc_own_partial(const mc_engine *e, uint32_t k) { return mc_partial(e, e->partials > 1 ? e->rank : 0, k); }

/* Add to `sum` what `partial` holds for the neurons that this rank updates; both are laid out as `input`. */
static inline void mc_add_own(const mc_engine *e, const int32_t *partial, int32_t *sum) {
  uint32_t first = mc_own_first(e), stop = mc_own_stop(e);
  for (uint32_t b = 0; b < e->n_blocks; b++) {
    uint32_t base = e->block[b].first, size = e->block[b].count;
    uint32_t from = first > base ? first - base : 0, to = stop <= base ? 0 : stop - base < size ? stop - base : size;
    for (uint32_t i = 0; i < e->n_inputs; i++) {
      uint64_t at = ((uint64_t)b * e->n_inputs + i) * size;
      const int32_t *restrict given = partial + at;
      int32_t *restrict into = sum + at;
      for (uint32_t n = from; n < to; n++) into[n] += given[n];
    }
  }
}

/* Sum what arrives in step k of those delivered ahead at the neurons that this rank updates; `input` is zero there before. */
static inline void mc_combine(mc_engine *e, uint32_t k) {
  for (uint32_t rank = 0; rank < e->partials; rank++) mc_add_own(e, mc_partial(e, rank, k), e->input);
}

/* Whether a place in `input` is that of a neuron of this rank's own. */
static inline int mc_is_own(const mc_engine *e, uint32_t at) {
  uint32_t size = e->block[0].count, local = at / (size * e->n_inputs) * size + at % size;
  return e->own[local / MC_CHUNK] >> local % MC_CHUNK & 1;
}

/* Write down the partial sums of some steps for the other ranks, in words: how many pairs of place and sum follow, or all ones and then
 * all sums, whichever is shorter. `word` has room for one word more than there are sums; returns the number of words. */
static inline uint64_t mc_pack(const mc_engine *e, uint32_t steps, uint32_t *word) {
  const int32_t *sum = mc_own_partial(e, 0);
  uint64_t all = (uint64_t)steps * e->width, n = 1;
  for (uint64_t i = 0; i < all; i++) {
    if (!sum[i] || mc_is_own(e, (uint32_t)(i % e->width))) continue;
    if (n + 2 > all + 1) {
      word[0] = UINT32_MAX;
      memcpy(word + 1, sum, all * sizeof *word);
      return all + 1;
    }
    word[n++] = (uint32_t)i;
    word[n++] = (uint32_t)sum[i];
  }
  word[0] = (uint32_t)(n / 2);
  return n;
}

/* Add the partial sums that one rank has written down to this one's; returns the number of words read. */
static inline uint64_t mc_unpack(mc_engine *e, uint32_t steps, const uint32_t *word, int is_mine) {
  uint64_t n = word[0] == UINT32_MAX ? (uint64_t)steps * e->width : 2 * (uint64_t)word[0];
  int32_t *sum = mc_own_partial(e, 0);
  if (is_mine) return n + 1;
  if (word[0] == UINT32_MAX)
    for (uint32_t k = 0; k < steps; k++) mc_add_own(e, (const int32_t *)word + 1 + (uint64_t)k * e->width, mc_own_partial(e, k));
  else
    for (uint64_t i = 1; i <= n; i += 2)
      if (mc_is_own(e, word[i] % e->width)) sum[word[i]] += (int32_t)word[i + 1];
  return n + 1;
}

#endif
