/* Advance one rank's neurons with precise spike times over one window. Ranks meet as in ``window.h``: every least delay, through a ring of
 * the spikes that each step brought; here a spike is its source's id and how much before the step's end it happened, in steps.
 *
 * What arrives at a neuron in one step is put in the order of time. What arrives at the same instant is summed as integers (units of
 * synapses, numbers of background and input spikes), so the order in which it was delivered cannot matter.
 */
#ifndef MC_PRECISE_H
#define MC_PRECISE_H

#include <stdlib.h>
#include <string.h>

#include "meeting.h"
#include "philox.h"
#include "precise_neuron.h"

enum { PS_SYNAPSE, PS_BACKGROUND, PS_INPUT, PS_KINDS };

typedef struct { double offset; int32_t units; uint8_t kind; uint32_t next; } ps_event; /* `next`: place + 1 in the pool, 0 for none */

typedef struct { uint32_t population, first, count, slot; } ps_run; /* local neurons of one population; number of the first in the streams */

typedef struct {
  uint32_t rank, size, spin;
  uint32_t neurons, first_own, local, n_populations, n_runs;
  ps_population *population;
  ps_run *run;
  ps_neuron *neuron;                  /* (local,) */
  uint32_t *head;                     /* (local,): place + 1 of the last event that was listed in this step */
  ps_event *pool, *sorted;            /* of this step; of one neuron */
  uint32_t pooled, pool_room, sorted_room;
  double unit_pa;
  uint64_t background_key;
  const uint64_t *begin;              /* (neurons + 1,): rows of synapses, by source, each in the order of delays */
  const uint32_t *target;             /* local */
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
  const int64_t *arrival_upto, *arrival; /* (steps + 1,), ids; or null */
  const double *arrival_offset;       /* steps; or null */
  uint32_t traces;
  const uint32_t *trace;              /* local */
  double *trace_potential, *trace_current; /* (traces, steps) */
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
static void ps_fail(ps_engine *e, uint32_t local, uint64_t instant) {
  int64_t *mine = e->failure + 8 * e->rank;
  ps_neuron *n = e->neuron + local;
  n->v = n->current[0] = n->current[1] = 0;
  if (mine[0]) return;
  mine[1] = (int64_t)instant;
  __atomic_store_n(mine, (int64_t)(e->first_own + local) + 1, __ATOMIC_RELEASE);
}

/* List what arrives at one neuron in this step; returns nonzero where memory is short. */
static inline int ps_list(ps_engine *e, uint32_t local, double offset, int32_t units, uint8_t kind) {
  if (e->pooled == e->pool_room) {
    uint32_t room = 2 * e->pool_room + 1024;
    ps_event *pool = realloc(e->pool, room * sizeof *pool);
    if (!pool) return 1;
    e->pool = pool;
    e->pool_room = room;
  }
  e->pool[e->pooled++] = (ps_event){offset, units, kind, e->head[local]};
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
          wrong |= ps_list(e, e->target[low], e->ring_offset[place + i], e->weight[low], PS_SYNAPSE);
      }
    }
  }
  return wrong;
}

/* List the background spikes of one neuron: one Philox block gives the count (two words, the second where the first lies in the tail) and
 * the offset of the first; each further block those of two more. */
static int ps_background(ps_engine *e, const ps_population *p, uint32_t local, uint32_t slot, uint64_t step) {
  philox_block b = philox4x32(e->background_key, slot, 0, step);
  int32_t word = cosim_poisson_signed(b.word[0]), count = 0;
  int wrong = 0;
  while (count < p->background.count && word >= p->background.below[count]) count++;
  if (count == p->background.count) count = cosim_poisson_tail(&p->background, b.word[0], b.word[1]);
  for (int32_t i = 1; i <= count; i++) {
    if (i % 2 == 0) b = philox4x32(e->background_key, slot, (uint32_t)i / 2, step);
    wrong |= ps_list(e, local, (double)(philox_bits(b, i % 2) >> 11) * 0x1p-53, 1, PS_BACKGROUND);
  }
  return wrong;
}

static int ps_arrive(ps_engine *e, const ps_window *w, uint32_t k) {
  int wrong = 0;
  for (int64_t i = w->arrival_upto[k]; i < w->arrival_upto[k + 1]; i++) {
    int64_t local = w->arrival[i] - (int64_t)e->first_own;
    if (local >= 0 && local < (int64_t)e->local)
      wrong |= ps_list(e, (uint32_t)local, w->arrival_offset ? w->arrival_offset[i] : 0., 1, PS_INPUT);
  }
  return wrong;
}

static int ps_earlier(const void *a, const void *b) {
  double x = ((const ps_event *)a)->offset, y = ((const ps_event *)b)->offset;
  return (x < y) - (x > y);
}

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
    qsort(e->sorted, n, sizeof *e->sorted, ps_earlier);
    return n;
  }
  for (uint32_t i = 1; i < n; i++) {
    ps_event moved = e->sorted[i];
    uint32_t j = i;
    for (; j && e->sorted[j - 1].offset < moved.offset; j--) e->sorted[j] = e->sorted[j - 1];
    e->sorted[j] = moved;
  }
  return n;
}

/* Add the events [i, ...) of one instant to the currents; returns the first event after them. */
static int64_t ps_add(const ps_engine *e, const ps_population *p, ps_neuron *neuron, int64_t i, int64_t n) {
  int64_t units[PS_CHANNELS] = {0}, many[PS_KINDS] = {0};
  for (double offset = e->sorted[i].offset; i < n && e->sorted[i].offset == offset; i++) {
    many[e->sorted[i].kind]++;
    if (e->sorted[i].kind == PS_SYNAPSE) units[e->sorted[i].units < 0] += e->sorted[i].units;
  }
  for (int c = 0; c < PS_CHANNELS; c++) neuron->current[c] += e->unit_pa * (double)units[c];
  neuron->current[p->background_pa < 0] += p->background_pa * (double)many[PS_BACKGROUND];
  neuron->current[p->input_pa < 0] += p->input_pa * (double)many[PS_INPUT];
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
  if (w->arrival) wrong |= ps_arrive(e, w, k);
  ps_drive(e, w->direct_pa + (uint64_t)k * e->n_populations, step);
  for (uint32_t r = 0; r < e->n_runs; r++) {
    ps_population *p = e->population + e->run[r].population;
    double mean = p->counts_per_hz * rate[e->run[r].population];
    if (mean != p->background.mean) cosim_poisson_set(&p->background, mean);
    for (uint32_t i = 0; i < e->run[r].count; i++) {
      uint32_t local = e->run[r].first + i;
      if (p->background.count) wrong |= ps_background(e, p, local, e->run[r].slot + i, step);
      double fired = ps_through(e, p, local, step + 1);
      if (fired >= 0) e->ring_id[place + found] = e->first_own + local, e->ring_offset[place + found++] = fired;
      if (fired == -2) ps_fail(e, local, step + 1);
      wrong |= fired == -3;
    }
  }
  e->pooled = 0;
  *ps_count(e, slot, e->rank) = found;
  return wrong;
}

static void ps_trace(const ps_engine *e, ps_window *w, uint32_t k) {
  for (uint32_t i = 0; i < w->traces; i++) {
    uint32_t r = 0;
    while (w->trace[i] - e->run[r].first >= e->run[r].count) r++;
    const ps_population *p = e->population + e->run[r].population;
    ps_neuron n = e->neuron[w->trace[i]];
    ps_anchor(p, &n, (int64_t)(w->first + k + 1), 0);
    w->trace_potential[(uint64_t)i * w->steps + k] = n.v + p->rest;
    w->trace_current[(uint64_t)i * w->steps + k] = n.current[0] + n.current[1];
  }
}

/* Append the spikes of steps [from, to) of the window, of all ranks; returns nonzero where memory is short. */
static int ps_keep(const ps_engine *e, ps_window *w, uint32_t from, uint32_t to) {
  for (uint32_t k = from; k < to; k++) {
    uint32_t slot = ps_slot(e, w->first + k + 1);
    w->spikes[k] = 0;
    for (uint32_t rank = 0; rank < e->size; rank++) {
      uint32_t many = *ps_count(e, slot, rank);
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
