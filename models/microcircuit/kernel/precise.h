/* Advance one rank's neurons with precise spike times over one window. Ranks meet as in ``window.h``: every least delay, through a ring of
 * the spikes that each step brought; here a spike is its source's id and how much before the step's end it happened, in steps.
 *
 * What arrives at a neuron in one step is put in the order of time. What arrives at the same instant is summed as integers (units of
 * synapses, number of background spikes) or in the order of its weights (input spikes), so the order of delivery cannot matter.
 */
#ifndef MC_PRECISE_H
#define MC_PRECISE_H

#include <stdlib.h>
#include <string.h>

#include "meeting.h"
#include "philox.h"
#include "precise_neuron.h"

enum { PS_SYNAPSE, PS_BACKGROUND, PS_INPUT };

/* `weight` is that of an input spike, pA, and 0 else; `next`: place + 1, 0 for none. */
typedef struct { double offset, weight; int32_t units; uint16_t kind, channel; uint32_t next; } ps_event;

/* This rank's own neurons of one population: first local index (numbered as in engine.h), number, and local index + shift = id. */
typedef struct { uint32_t population, first, count; int64_t id_shift; } ps_run;

typedef struct {
  uint32_t rank, size, spin;
  uint32_t neurons, local, first_slot, n_populations, n_runs; /* `first_slot`: number of local neuron 0 in the random streams */
  ps_population *population;
  ps_run *run;
  ps_neuron *neuron;                  /* (local,) */
  uint32_t *head;                     /* (local,): place + 1 of the last event that was listed in this step */
  ps_event *pool, *sorted;            /* of this step; of one neuron */
  uint32_t pooled, pool_room, sorted_room;
  uint64_t background_key;
  const uint64_t *begin;              /* (neurons + 1,): rows of synapses, by source, each in the order of delays */
  const uint32_t *target;             /* local index times two, and the channel */
  const uint16_t *age;                /* delay less the least one, steps */
  const int16_t *weight;              /* units */
  uint32_t least_delay, ages;
  uint32_t slots, stride;             /* the ring, as in engine.h; ring_offset stands beside ring_id */
  uint32_t *ring_id, *ring_count;
  double *ring_offset;
  const uint32_t *first_id;           /* (size,) */
  cosim_meeting *meeting;
  int64_t *failure;                   /* (size, 8), as in engine.h */
  uint64_t events;
} ps_engine;

typedef struct {
  uint64_t first;
  uint32_t steps;
  const double *rate_hz, *direct_pa;  /* (steps, populations) */
  const int64_t *arrival_upto;        /* (steps + 1,), or null */
  const uint32_t *arrival_at, *arrival_to; /* local; which current */
  const double *arrival_weight;       /* pA */
  const double *arrival_offset;       /* steps */
  uint32_t traces;
  const uint32_t *trace;              /* (traces, 2): local index; 1 for the potential, above E_L, 2 and 3 for the currents */
  double *traced;                     /* (traces, steps) */
  uint32_t *spikes;                   /* (steps,) of all ranks; null where nobody asks */
  uint32_t *id;
  double *offset;
  uint64_t n_ids, capacity;
} ps_window;

static inline uint32_t ps_slot(const ps_engine *e, uint64_t instant) { return (uint32_t)instant & (e->slots - 1); }
static inline uint64_t ps_place(const ps_engine *e, uint32_t slot, uint32_t rank) { return (uint64_t)slot * e->neurons + e->first_id[rank]; }
static inline uint32_t *ps_count(const ps_engine *e, uint32_t slot, uint32_t rank) {
  return e->ring_count + (uint64_t)slot * e->stride + rank * 16;
}

/* The instant is written first, as in engine.h. */
static void ps_fail(ps_engine *e, uint32_t local, int64_t id, uint64_t instant) {
  int64_t *mine = e->failure + 8 * e->rank;
  ps_neuron *n = e->neuron + local;
  n->v = n->current[0] = n->current[1] = 0;
  if (mine[0]) return;
  mine[1] = (int64_t)instant;
  __atomic_store_n(mine, id + 1, __ATOMIC_RELEASE);
}

/* List what arrives at one neuron in this step; returns nonzero where memory is short. */
static inline int ps_list(ps_engine *e, uint32_t local, double offset, double weight, int32_t units, uint16_t kind, uint16_t channel) {
  if (e->pooled == e->pool_room) {
    uint32_t room = 2 * e->pool_room + 1024;
    ps_event *pool = realloc(e->pool, room * sizeof *pool);
    if (!pool) return 1;
    e->pool = pool;
    e->pool_room = room;
  }
  e->pool[e->pooled++] = (ps_event){offset, weight, units, kind, channel, e->head[local]};
  e->head[local] = e->pooled;
  return 0;
}

/* List what arrives through synapses in the step that ends at `instant`. */
static int ps_deliver(ps_engine *e, uint64_t instant) {
  int wrong = 0;
  for (uint32_t age = 0; age < e->ages; age++) {
    uint32_t slot = ps_slot(e, instant - e->least_delay - age);
    for (uint32_t rank = 0; rank < e->size; rank++) {
      uint64_t place = ps_place(e, slot, rank);
      for (uint32_t i = 0, many = *ps_count(e, slot, rank); i < many; i++) {
        uint64_t low = e->begin[e->ring_id[place + i]], stop = e->begin[e->ring_id[place + i] + 1], high = stop;
        while (low < high) {
          uint64_t middle = low + (high - low) / 2;
          if (e->age[middle] < age) low = middle + 1; else high = middle;
        }
        for (; low < stop && e->age[low] == age; low++, e->events++)
          wrong |= ps_list(e, e->target[low] >> 1, e->ring_offset[place + i], 0, e->weight[low], PS_SYNAPSE, e->target[low] & 1);
      }
    }
  }
  return wrong;
}

/* List the background spikes of one neuron: one Philox block gives the count (half a word) and the offset of the first (two words), each
 * further block the offsets of two more; the guard, where the count needs one, is a block of its own. */
static int ps_background(ps_engine *e, const ps_population *p, uint32_t local, uint64_t step) {
  uint32_t slot = e->first_slot + local;
  philox_block b = philox4x32(e->background_key, slot, 0, step);
  int32_t word = (int32_t)(b.word[0] & 0xffff) - 32768, k = 0, count = 0;
  int wrong = 0;
  while (k < p->poisson.count && word > p->poisson.below[k]) k++;
  if (k < p->poisson.count) count = p->poisson.least + k;
  else {
    uint64_t guard = philox_bits(philox4x32(e->background_key, slot, UINT32_MAX, step), 0);
    while (count < p->poisson.largest && guard > p->poisson.rest[count]) count++;
  }
  for (int32_t i = 1; i <= count; i++) {
    if (i % 2 == 0) b = philox4x32(e->background_key, slot, (uint32_t)i / 2, step);
    wrong |= ps_list(e, local, (double)(philox_bits(b, i % 2) >> 11) * 0x1p-53, 0, 1, PS_BACKGROUND, 0);
  }
  return wrong;
}

static int ps_arrive(ps_engine *e, const ps_window *w, uint32_t k) {
  int wrong = 0;
  for (int64_t i = w->arrival_upto[k]; i < w->arrival_upto[k + 1]; i++)
    wrong |= ps_list(e, w->arrival_at[i], w->arrival_offset[i], w->arrival_weight[i], 1, PS_INPUT, (uint16_t)w->arrival_to[i]);
  return wrong;
}

static inline int ps_before(const ps_event *a, const ps_event *b) {
  return a->offset > b->offset || (a->offset == b->offset && a->weight < b->weight);
}
static int ps_order(const void *a, const void *b) { return ps_before(b, a) - ps_before(a, b); }

/* Put what arrives at one neuron in this step in the order of time; returns how many events, or -1 where memory is short. */
static int64_t ps_sort(ps_engine *e, uint32_t local) {
  uint32_t n = 0;
  for (uint32_t at = e->head[local]; at; at = e->pool[at - 1].next, n++) {
    if (n == e->sorted_room) {
      uint32_t room = 2 * e->sorted_room + 64;
      ps_event *sorted = realloc(e->sorted, room * sizeof *sorted);
      if (!sorted) return -1;
      e->sorted = sorted;
      e->sorted_room = room;
    }
    e->sorted[n] = e->pool[at - 1];
  }
  e->head[local] = 0;
  if (n > 32) {
    qsort(e->sorted, n, sizeof *e->sorted, ps_order);
    return n;
  }
  for (uint32_t i = 1; i < n; i++) {
    ps_event moved = e->sorted[i];
    uint32_t j = i;
    for (; j && ps_before(&moved, e->sorted + j - 1); j--) e->sorted[j] = e->sorted[j - 1];
    e->sorted[j] = moved;
  }
  return n;
}

/* Add the events [i, ...) of one instant to the currents; returns the first event after them. */
static int64_t ps_add(const ps_engine *e, const ps_population *p, ps_neuron *neuron, int64_t i, int64_t n) {
  int64_t units[PS_CHANNELS] = {0}, background = 0;
  double input[PS_CHANNELS] = {0};
  for (double offset = e->sorted[i].offset; i < n && e->sorted[i].offset == offset; i++) {
    if (e->sorted[i].kind == PS_SYNAPSE) units[e->sorted[i].channel] += e->sorted[i].units;
    else if (e->sorted[i].kind == PS_INPUT) input[e->sorted[i].channel] += e->sorted[i].weight;
    else background++;
  }
  for (int c = 0; c < PS_CHANNELS; c++) neuron->current[c] += p->unit * (double)units[c] + input[c];
  neuron->current[p->background_to != 0] += p->background * (double)background;
  return i;
}

/* Take one neuron through the step that ends at `instant`. Returns the offset of its spike, -1 for none, -2 where it left the finite
 * numbers, -3 where memory is short. */
static double ps_through(ps_engine *e, const ps_population *p, uint32_t local, uint64_t instant) {
  ps_neuron *n = e->neuron + local;
  double fired = -1;
  int64_t many = ps_sort(e, local);
  if (many < 0) return -3;
  for (int64_t i = 0; i < many;) {
    double offset = e->sorted[i].offset, found = ps_lead(p, n, (int64_t)instant, offset);
    if (found == -2) return -2;
    if (found >= 0) fired = found;
    ps_anchor(p, n, (int64_t)instant, offset);
    i = ps_add(e, p, n, i, many);
    if (!(fabs(n->v) <= 0x1p1000 && fabs(n->current[0]) <= 0x1p1000 && fabs(n->current[1]) <= 0x1p1000)) return -2;
  }
  double found = ps_lead(p, n, (int64_t)instant, 0);
  return found != -1 ? found : fired;
}

/* A direct current that changes makes the step's beginning the anchor of all neurons of a population. */
static void ps_drive(ps_engine *e, const double *direct, uint64_t step) {
  for (uint32_t r = 0; r < e->n_runs; r++) {
    ps_population *p = e->population + e->run[r].population;
    double drive = p->resistance * direct[e->run[r].population];
    if (drive == p->drive) continue;
    for (uint32_t i = 0; i < e->run[r].count; i++) ps_anchor(p, e->neuron + e->run[r].first + i, (int64_t)step, 0);
    p->drive = drive;
  }
}

static int ps_step(ps_engine *e, const ps_window *w, uint32_t k) {
  uint64_t step = w->first + k;
  const double *rate = w->rate_hz + (uint64_t)k * e->n_populations;
  uint32_t slot = ps_slot(e, step + 1), found = 0;
  uint64_t place = ps_place(e, slot, e->rank);
  int wrong = ps_deliver(e, step + 1);
  if (w->arrival_upto) wrong |= ps_arrive(e, w, k);
  ps_drive(e, w->direct_pa + (uint64_t)k * e->n_populations, step);
  for (uint32_t r = 0; r < e->n_runs; r++) {
    ps_population *p = e->population + e->run[r].population;
    double mean = p->counts_per_hz * rate[e->run[r].population];
    if (mean != p->poisson.mean) cosim_poisson_set(&p->poisson, mean);
    for (uint32_t i = 0; i < e->run[r].count; i++) {
      uint32_t local = e->run[r].first + i;
      if (p->poisson.count) wrong |= ps_background(e, p, local, step);
      double fired = ps_through(e, p, local, step + 1);
      int64_t id = (int64_t)local + e->run[r].id_shift;
      if (fired >= 0) e->ring_id[place + found] = (uint32_t)id, e->ring_offset[place + found++] = fired;
      if (fired == -2) ps_fail(e, local, id, step + 1);
      wrong |= fired == -3;
    }
  }
  e->pooled = 0;
  *ps_count(e, slot, e->rank) = found;
  return wrong;
}

static void ps_trace(const ps_engine *e, ps_window *w, uint32_t k) {
  for (uint32_t i = 0; i < w->traces; i++) {
    uint32_t local = w->trace[2 * i], what = w->trace[2 * i + 1], r = 0;
    while (local - e->run[r].first >= e->run[r].count) r++;
    ps_neuron n = e->neuron[local];
    ps_anchor(e->population + e->run[r].population, &n, (int64_t)(w->first + k + 1), 0);
    w->traced[(uint64_t)i * w->steps + k] = what == 1 ? n.v : n.current[what == 3];
  }
}

/* Append the spikes of steps [from, to) of the window, of all ranks; returns nonzero where memory is short. */
static int ps_keep(const ps_engine *e, ps_window *w, uint32_t from, uint32_t to) {
  for (uint32_t k = from; k < to; k++) {
    uint32_t slot = ps_slot(e, w->first + k + 1);
    w->spikes[k] = 0;
    for (uint32_t rank = 0; rank < e->size; rank++) {
      uint32_t many = *ps_count(e, slot, rank);
      if (!many) continue;
      if (w->n_ids + many > w->capacity) {
        uint64_t capacity = 2 * (w->n_ids + many) + 1024;
        uint32_t *id = realloc(w->id, capacity * sizeof *id);
        if (id) w->id = id;
        double *offset = realloc(w->offset, capacity * sizeof *offset);
        if (offset) w->offset = offset;
        if (!id || !offset) return 1;
        w->capacity = capacity;
      }
      memcpy(w->id + w->n_ids, e->ring_id + ps_place(e, slot, rank), many * sizeof *w->id);
      memcpy(w->offset + w->n_ids, e->ring_offset + ps_place(e, slot, rank), many * sizeof *w->offset);
      w->n_ids += many;
      w->spikes[k] += many;
    }
  }
  return 0;
}

/* Advance over a window. Without a meeting it must be no longer than the least delay, or the rank be alone. */
static int ps_advance(ps_engine *e, ps_window *w) {
  uint32_t kept = 0;
  int wrong = 0;
  for (uint32_t k = 0; k < w->steps; k++) {
    wrong |= ps_step(e, w, k);
    ps_trace(e, w, k);
    if ((k + 1) % e->least_delay && k + 1 < w->steps) continue;
    if (e->meeting) cosim_meet(e->meeting, e->size, e->spin);
    if (w->spikes && !wrong) wrong = ps_keep(e, w, kept, k + 1);
    kept = k + 1;
  }
  return wrong;
}

#endif
