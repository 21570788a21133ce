/* Advance one rank over one window, step by step, without entering Python.
 *
 * A step leads from instant t to t + 1 (in steps), and what happens before what is this:
 *  1. All ranks met after instant a, the last multiple of the least delay (counted from the window's start) up to t. So every spike
 *     stamped a or earlier stands in the ring.
 *  2. A spike stamped s arrives at s + delay. What arrives at t + 1 was stamped at most t + 1 - least delay <= a: all of it is in the
 *     ring, and nobody writes there before the next meeting. It is summed, as integers, in whatever order.
 *  3. The update takes potential and current from t to t + 1, adds what arrived, and finds the spikes stamped t + 1.
 *  4. They are written to this rank's own part of the ring's slot t + 1. The slot's last reader is one least delay and one largest
 *     delay away; the ring is longer than that, so no reader is overtaken.
 *  5. After the least delay, or at the window's end, the ranks meet again; then rank 0 copies the spikes of all ranks since.
 *
 * By edge the ranks take turns of at most the least delay. At a turn's beginning every rank delivers what its synapses bring in all steps
 * of the turn; all of that is in the ring by then. The ranks meet once more before they add up each other's sums, and nobody delivers the
 * next turn before all have come to the end of this one.
 */
#ifndef MC_WINDOW_H
#define MC_WINDOW_H

#include "engine.h"
#include "partial.h"
#include "plastic.h"

static inline uint32_t mc_slot(const mc_engine *e, uint64_t instant) { return (uint32_t)instant & (e->slots - 1); }
static inline uint32_t *mc_ring_ids(const mc_engine *e, uint32_t slot, uint32_t rank) {
  return e->ring_id + (uint64_t)slot * e->neurons + e->first_id[rank];
}
static inline uint32_t *mc_ring_count(const mc_engine *e, uint32_t slot, uint32_t rank) {
  return e->ring_count + (uint64_t)slot * e->stride + rank * 16;
}

static int mc_make_flights(mc_engine *e) {
  e->flight = calloc((size_t)e->n_blocks * e->slots, sizeof *e->flight);
  return !e->flight;
}

static void mc_free_flights(mc_engine *e) {
  for (size_t f = 0; e->flight && f < (size_t)e->n_blocks * e->slots; f++) free(e->flight[f].next);
  free(e->flight);
}

/* Lay out what the spikes in one slot of the ring bring to a block from this age on. */
static void mc_lay_out(mc_engine *e, const mc_block *block, mc_flight *flight, uint32_t slot, uint32_t age) {
  uint32_t spikes = 0, place = 0, ages = e->ages - age < MC_AGES ? e->ages - age : MC_AGES;
  for (uint32_t rank = 0; rank < e->size; rank++) spikes += *mc_ring_count(e, slot, rank);
  if (spikes > flight->room) {
    size_t room = spikes + spikes / 2 + 32;
    free(flight->next);
    flight->room = flight->spikes = 0;
    flight->next = malloc(room * (sizeof *flight->next + MC_AGES * sizeof *flight->count));
    if (!flight->next) {
      e->is_short_of_memory = 1;
      return;
    }
    flight->room = (uint32_t)room;
  }
  flight->spikes = spikes;
  flight->count = (uint16_t *)(flight->next + flight->room);
  for (uint32_t rank = 0; rank < e->size; rank++) {
    const uint32_t *id = mc_ring_ids(e, slot, rank);
    for (uint32_t i = 0, many = *mc_ring_count(e, slot, rank); i < many; i++, place++) {
      const uint16_t *upto = block->upto + (uint64_t)id[i] * (e->ages + 1) + age;
      if (age == 0) flight->next[place] = e->synapse + block->begin[id[i]];
      for (uint32_t a = 0; a < ages; a++) flight->count[a * spikes + place] = (uint16_t)(upto[a + 1] - upto[a]);
    }
  }
}

/* Add the listed runs of synapses to the input of one block. The last few of a run are added without a branch, which would be guessed wrong:
 * what lies behind them is read, too, but counts nothing. */
static void mc_scatter(mc_engine *e, const mc_due *due, uint32_t n, int32_t *restrict input) {
  for (uint32_t q = 0; q < n; q++) {
    if (q + MC_AHEAD < n) {
      const mc_due *next = due + q + MC_AHEAD;
      const char *line = (const char *)((uintptr_t)next->synapse & ~(uintptr_t)63), *stop = (const char *)(next->synapse + next->count);
      for (; line < stop; line += 64) __builtin_prefetch(line, 0, 2);
    }
    const uint32_t *s = due[q].synapse;
    int32_t left = (int32_t)due[q].count;
    for (; left >= 8; s += 8, left -= 8) {
      input[mc_slot_of(s[0])] += mc_weight_of(s[0]);
      input[mc_slot_of(s[1])] += mc_weight_of(s[1]);
      input[mc_slot_of(s[2])] += mc_weight_of(s[2]);
      input[mc_slot_of(s[3])] += mc_weight_of(s[3]);
      input[mc_slot_of(s[4])] += mc_weight_of(s[4]);
      input[mc_slot_of(s[5])] += mc_weight_of(s[5]);
      input[mc_slot_of(s[6])] += mc_weight_of(s[6]);
      input[mc_slot_of(s[7])] += mc_weight_of(s[7]);
    }
    if (left >= 4) {
      input[mc_slot_of(s[0])] += mc_weight_of(s[0]);
      input[mc_slot_of(s[1])] += mc_weight_of(s[1]);
      input[mc_slot_of(s[2])] += mc_weight_of(s[2]);
      input[mc_slot_of(s[3])] += mc_weight_of(s[3]);
      s += 4, left -= 4;
    }
    input[mc_slot_of(s[0])] += mc_weight_of(s[0]) & -(left > 0);
    input[mc_slot_of(s[1])] += mc_weight_of(s[1]) & -(left > 1);
    input[mc_slot_of(s[2])] += mc_weight_of(s[2]) & -(left > 2);
    e->events += due[q].count;
  }
}

/* Sum what arrives at one instant at the targets of one block into `input`, that of all blocks. Instants follow each other. */
static void mc_deliver(mc_engine *e, const mc_block *block, uint64_t instant, int32_t *input) {
  mc_flight *flight = e->flight + (uint64_t)(block - e->block) * e->slots;
  uint32_t n = 0;
  input += (uint64_t)block->first * e->n_inputs;
  for (uint32_t age = 0; age < e->ages; age++) {
    uint32_t slot = mc_slot(e, instant - e->least_delay - age);
    mc_flight *f = flight + slot;
    if (age % MC_AGES == 0) mc_lay_out(e, block, f, slot, age);
    const uint16_t *count = f->count + age % MC_AGES * f->spikes;
    for (uint32_t i = 0; i < f->spikes; i++) {
      e->due[n] = (mc_due){f->next[i], count[i]};
      f->next[i] += count[i];
      n += count[i] != 0;
      if (n == MC_DUE) mc_scatter(e, e->due, n, input), n = 0;
    }
  }
  mc_scatter(e, e->due, n, input);
  mc_flight *last = flight + mc_slot(e, instant - e->least_delay - (e->ages - 1));
  if (last->room > 1024) { /* many neurons fired at once: the next to do so stand in another slot */
    free(last->next);
    *last = (mc_flight){0};
  }
}

/* Sum what this rank's synapses deliver in the steps to come, all ranks having met at their first one's beginning. */
static void mc_deliver_ahead(mc_engine *e, uint64_t first, uint32_t steps) {
  memset(mc_own_partial(e, 0), 0, (uint64_t)steps * e->width * sizeof *e->partial);
  for (uint32_t k = 0; k < steps; k++)
    for (uint32_t b = 0; b < e->n_blocks; b++) mc_deliver(e, e->block + b, first + k + 1, mc_own_partial(e, k));
}

/* The same for synapses that change. */
static void mc_deliver_changing(mc_engine *e, uint64_t instant) {
  for (uint32_t age = 0; age < e->ages; age++) {
    uint32_t slot = mc_slot(e, instant - e->least_delay - age);
    for (uint32_t rank = 0; rank < e->size; rank++)
      mc_deliver_plastic(e, e->plasticity, age, instant, mc_ring_ids(e, slot, rank), *mc_ring_count(e, slot, rank));
  }
}

/* Lay out what single neurons are given in this step: weights of arrivals, one after the other, and direct currents. */
static void mc_give(mc_engine *e, const mc_window *w, uint32_t k) {
  int64_t begin = w->arrival_upto ? w->arrival_upto[k] : 0, end = w->arrival_upto ? w->arrival_upto[k + 1] : 0;
  size_t width = e->is_double ? 8 : 4;
  if (e->is_wide) {
    size_t first = mc_own_first(e) * width, bytes = (mc_own_stop(e) - mc_own_first(e)) * width;
    for (uint32_t i = 0; i < e->n_inputs; i++) memset((char *)e->extra + i * e->local * width + first, 0, bytes);
    memset((char *)e->more + first, 0, bytes);
  }
  e->is_wide = end > begin || w->currents;
  for (int64_t a = begin; a < end; a++) {
    uint64_t at = (uint64_t)w->arrival_input[a] * e->local + w->arrival_at[a];
    if (e->is_double) ((double *)e->extra)[at] += w->arrival_weight[a];
    else ((float *)e->extra)[at] += (float)w->arrival_weight[a];
  }
  for (uint32_t c = 0; c < w->currents; c++) {
    double pa = w->current_pa[(uint64_t)c * w->steps + k];
    for (uint32_t n = w->current_first[c]; n < w->current_stop[c]; n++) {
      if (e->is_double) ((double *)e->more)[n] += pa;
      else ((float *)e->more)[n] += (float)pa;
    }
  }
}

/* Update every neuron of this rank and put its spikes into the ring. */
static void mc_step(mc_engine *e, const mc_window *w, uint32_t k) {
  uint64_t step = w->first + k;
  const double *rate = w->rate_hz + (uint64_t)k * w->rates, *direct = w->direct_pa + (uint64_t)k * e->n_populations;
  for (uint32_t p = 0; p < e->n_populations; p++)
    for (uint32_t b = 0; b < e->population[p].backgrounds; b++) {
      mc_background *h = e->population[p].background + b;
      double mean = h->counts_per_hz * rate[h->rate];
      if (mean != h->poisson.mean) cosim_poisson_set(&h->poisson, mean);
    }
  mc_give(e, w, k);
  if (e->partial) mc_combine(e, k % e->ahead);
  else for (uint32_t b = 0; b < e->n_blocks; b++) mc_deliver(e, e->block + b, step + 1, e->input);
  if (e->plasticity) mc_deliver_changing(e, step + 1);
  uint32_t slot = mc_slot(e, step + 1), found = 0, *ids = mc_ring_ids(e, slot, e->rank);
  for (uint32_t r = 0; r < e->n_runs; r++) {
    double pa = direct[e->run[r].population];
    uint32_t more = e->population[e->run[r].population].kernel->update[e->level_number][e->is_double](e, e->run + r, pa, step, ids + found);
    if (e->plasticity) mc_keep_fired(e, e->plasticity, e->run + r, ids + found, more, (int64_t)step + 1);
    found += more;
  }
  *mc_ring_count(e, slot, e->rank) = found;
}

static void mc_trace(const mc_engine *e, mc_window *w, uint32_t k) {
  for (uint32_t i = 0; i < w->traces; i++) {
    const void *all = e->state[w->trace_state[i]];
    w->traced[(uint64_t)i * w->steps + k] = e->is_double ? ((const double *)all)[w->trace[i]] : (double)((const float *)all)[w->trace[i]];
  }
}

/* Append the spikes of steps [from, to) of the window, of all ranks; returns nonzero where memory is short. */
static int mc_keep(const mc_engine *e, mc_window *w, uint32_t from, uint32_t to) {
  for (uint32_t k = from; k < to; k++) {
    uint32_t slot = mc_slot(e, w->first + k + 1), total = 0;
    for (uint32_t rank = 0; rank < e->size; rank++) total += *mc_ring_count(e, slot, rank);
    if (w->n_ids + total > w->id_capacity) {
      uint64_t capacity = 2 * (w->n_ids + total) + 1024;
      uint32_t *id = realloc(w->id, capacity * sizeof *id);
      if (!id) return 1;
      w->id = id;
      w->id_capacity = capacity;
    }
    for (uint32_t rank = 0; rank < e->size; rank++) {
      uint32_t many = *mc_ring_count(e, slot, rank);
      if (many) memcpy(w->id + w->n_ids, mc_ring_ids(e, slot, rank), many * sizeof *w->id);
      w->n_ids += many;
    }
    w->spikes[k] = total;
  }
  return 0;
}

/* Advance over a window. Without a meeting it must be no longer than the ranks' turn, or the rank be alone; and by edge, what its
 * synapses deliver ahead must have been exchanged. */
static int mc_advance(mc_engine *e, mc_window *w) {
  uint32_t kept = 0, turn = mc_turn(e);
  int wrong = 0;
  for (uint32_t k = 0; k < w->steps; k++) {
    if (e->partial && e->meeting && k % turn == 0) {
      mc_deliver_ahead(e, w->first + k, w->steps - k < turn ? w->steps - k : turn);
      cosim_meet(e->meeting, e->size, e->spin);
    }
    mc_step(e, w, k);
    mc_trace(e, w, k);
    if ((k + 1) % turn && k + 1 < w->steps) continue;
    if (e->meeting) cosim_meet(e->meeting, e->size, e->spin);
    if (w->spikes && !wrong) wrong = mc_keep(e, w, kept, k + 1);
    kept = k + 1;
  }
  return wrong || e->is_short_of_memory || (e->plasticity && e->plasticity->is_short_of_memory);
}

#endif
