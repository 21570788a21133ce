/* Plastic synapses of one rank, in a store of their own: the static rows know nothing of them.
 *
 * The whole delay d lies in the dendrite. So a presynaptic spike stamped s reaches the synapse at s and the soma at s + d; a postsynaptic
 * spike stamped p reaches the synapse at p + d. A presynaptic spike carries the weight that its synapse has at s, and that is reckoned when
 * it reaches the soma: then all postsynaptic spikes up to s - d are long known, and they are this rank's own, as the target is.
 *
 * Postsynaptic spikes are kept in a ring for each neuron, and a synapse works through those since it was last looked at. Because each
 * synapse meets its own events in the order of their instants, with operations that depend on nothing else, it does not matter when it is
 * looked at, and a ring that is full is made free by looking at those that are behind (`mc_sweep`). What is delivered is the weight rounded
 * to whole units, so that sums stay integers.
 */
#ifndef MC_PLASTIC_H
#define MC_PLASTIC_H

#include "engine.h"

enum {
  MC_STDP, MC_TSODYKS_MARKRAM,
  MC_TABLE = 4096,     /* steps for which a decay is looked up; the table holds what the function gives */
  MC_FIRST_ROOM = 16   /* postsynaptic spikes that are kept of each neuron at first, a power of two */
};

/* exp(-rate * steps). */
typedef struct { double rate, table[MC_TABLE]; } mc_decay;

/* A postsynaptic spike, and the trace right after it. */
typedef struct { int64_t at; double trace; } mc_post;

/* What the neurons of one population fired of late, for synapses of one tau_minus and one pairing. */
typedef struct {
  uint32_t population, first, count;  /* neurons [first, first + count), local */
  uint32_t room;                      /* spikes that are kept of each, a power of two */
  int32_t is_nearest;
  int64_t safe;                       /* every synapse has worked through all spikes up to here */
  mc_decay decay;
  uint64_t *fired;                    /* (count,): spikes ever */
  mc_post *post;                      /* (count, room): spike number i of neuron n stands at [n][i % room] */
} mc_history;

/* Synapses of one source in one projection with one delay. */
typedef struct {
  uint64_t first;                     /* of them */
  uint32_t count, age;                /* age: delay less the least delay of the network, steps */
  int64_t last, seen;                 /* stamp of the last presynaptic spike, below 0 for none; postsynaptic spikes up to here are worked through */
  double trace, rest;                 /* presynaptic trace right after that spike; u and x for Tsodyks-Markram */
} mc_segment;

typedef struct {
  int32_t rule, is_nearest;
  uint32_t first_id, sources, input, history;
  uint32_t age_low, age_high;         /* of its segments */
  double largest;                     /* what a weight of 1 is in units */
  double step_up, step_down, mu_plus, mu_minus, use;
  mc_decay up, down;                  /* tau_plus; or tau_rec and tau_fac */
  uint64_t *segment_upto;             /* (sources + 1,) */
  mc_segment *segment;
  uint32_t *target;                   /* local */
  double *weight;                     /* as a part of w_max, or of the mean weight for Tsodyks-Markram */
  uint64_t synapses, segments;
} mc_plastic;

struct mc_plasticity {
  uint32_t projections, histories;
  mc_plastic *projection;
  mc_history *history;
  int32_t is_short_of_memory;
  uint64_t sweeps;
};

static inline void mc_decay_set(mc_decay *d, double rate) {
  d->rate = rate;
  for (int k = 0; k < MC_TABLE; k++) d->table[k] = cosim_exp(-rate * (double)k);
}

static inline double mc_decayed(const mc_decay *d, int64_t steps) {
  return steps < MC_TABLE ? d->table[steps] : cosim_exp(-d->rate * (double)steps);
}

static inline double mc_power(double x, double mu) {
  if (mu == 0) return 1;
  if (mu == 1) return x;
  return x < DBL_MIN ? 0 : cosim_exp(mu * cosim_log(x));
}

/* Where what arrives at a neuron is summed. */
static inline int32_t *mc_input_of(const mc_engine *e, uint32_t input, uint32_t local) {
  uint32_t size = e->block[0].count, block = e->n_blocks == 1 ? 0 : local / size;
  return e->input + ((uint64_t)block * e->n_inputs + input) * size + (local - block * size);
}

/* Let one synapse work through the postsynaptic spikes after s->seen up to `upto`; returns its weight. `trace` becomes that which all up
 * to, but not at, `upto` have left, where `with_trace`. */
static inline double mc_work(const mc_plastic *p, const mc_history *h, const mc_segment *s, uint32_t local, double w, int64_t delay,
                             int64_t upto, int with_trace, double *trace) {
  uint32_t n = local - h->first, mask = h->room - 1;
  const mc_post *post = h->post + (uint64_t)n * h->room;
  uint64_t fired = h->fired[n], oldest = fired > h->room ? fired - h->room : 0, i = fired;
  while (i > oldest && post[(i - 1) & mask].at > upto) i--;
  if (with_trace) {
    uint64_t before = i > oldest && post[(i - 1) & mask].at == upto ? i - 1 : i;
    *trace = before > oldest ? post[(before - 1) & mask].trace * mc_decayed(&h->decay, upto - post[(before - 1) & mask].at) : 0;
  }
  if (s->last < 0) return w;
  uint64_t stop = i;
  while (i > oldest && post[(i - 1) & mask].at > s->seen) i--;
  for (; i < stop; i++) {
    w += p->step_up * mc_power(1 - w, p->mu_plus) * (s->trace * mc_decayed(&p->up, post[i & mask].at + delay - s->last));
    w = w < 1 ? w : 1;
  }
  return w;
}

/* Deliver the presynaptic spike stamped `stamp` over synapses that change with the order of spikes. */
static inline void mc_deliver_stdp(mc_engine *e, mc_plastic *p, const mc_history *h, mc_segment *s, int64_t stamp, int64_t delay) {
  for (uint64_t j = s->first, stop = s->first + s->count; j < stop; j++) {
    if (j + 2 * MC_AHEAD < stop) __builtin_prefetch(h->fired + (p->target[j + 2 * MC_AHEAD] - h->first));
    if (j + MC_AHEAD < stop) {
      uint32_t n = p->target[j + MC_AHEAD] - h->first;
      __builtin_prefetch(h->post + (uint64_t)n * h->room + ((h->fired[n] - 1) & (h->room - 1)));
    }
    double trace, w = mc_work(p, h, s, p->target[j], p->weight[j], delay, stamp - delay, 1, &trace);
    w -= p->step_down * mc_power(w, p->mu_minus) * trace;
    w = w > 0 ? w : 0;
    p->weight[j] = w;
    double units = w * p->largest;
    *mc_input_of(e, p->input, p->target[j]) += (int32_t)((units + 0x1.8p52) - 0x1.8p52);
  }
  s->trace = (s->last < 0 || p->is_nearest ? 0 : s->trace * mc_decayed(&p->up, stamp - s->last)) + 1;
  s->seen = stamp - delay;
  s->last = stamp;
}

/* The same for synapses that tire and facilitate. */
static inline void mc_deliver_short(mc_engine *e, const mc_plastic *p, mc_segment *s, int64_t stamp) {
  if (s->last >= 0) {
    s->rest = 1 + (s->rest - s->rest * s->trace - 1) * mc_decayed(&p->up, stamp - s->last);
    s->trace = p->use + s->trace * (1 - p->use) * (p->down.rate > 0 ? mc_decayed(&p->down, stamp - s->last) : 0);
  } else s->rest = 1, s->trace = p->use;
  s->last = stamp;
  double units = s->rest * s->trace * p->largest;
  for (uint64_t j = s->first; j < s->first + s->count; j++)
    *mc_input_of(e, p->input, p->target[j]) += (int32_t)((p->weight[j] * units + 0x1.8p52) - 0x1.8p52);
}

static inline mc_segment *mc_segment_of(const mc_plastic *p, uint32_t source, uint32_t age) {
  uint64_t low = p->segment_upto[source], high = p->segment_upto[source + 1], end = high;
  while (low < high) {
    uint64_t middle = (low + high) / 2;
    if (p->segment[middle].age < age) low = middle + 1;
    else high = middle;
  }
  return low < end && p->segment[low].age == age ? p->segment + low : 0;
}

/* Deliver what was stamped `delay` before `instant` by the given neurons. */
static inline void mc_deliver_plastic(mc_engine *e, struct mc_plasticity *all, uint32_t age, uint64_t instant, const uint32_t *id, uint32_t ids) {
  int64_t delay = (int64_t)e->least_delay + age;
  for (uint32_t q = 0; q < all->projections; q++) {
    mc_plastic *p = all->projection + q;
    if (age < p->age_low || age > p->age_high) continue;
    for (uint32_t i = 0; i < ids; i++) {
      if (id[i] - p->first_id >= p->sources) continue;
      mc_segment *s = mc_segment_of(p, id[i] - p->first_id, age);
      if (!s) continue;
      if (p->rule == MC_STDP) mc_deliver_stdp(e, p, all->history + p->history, s, (int64_t)instant - delay, delay);
      else mc_deliver_short(e, p, s, (int64_t)instant - delay);
      e->events += s->count;
    }
  }
}

/* Let the synapses of one projection that have not yet worked through the postsynaptic spikes up to `bar` work through those that they are
 * sure to meet before their next presynaptic one: `now` is an instant up to which everything has been delivered, so the next was stamped
 * after now - delay. Returns up to where all have come. */
static inline int64_t mc_sweep(const mc_engine *e, mc_plastic *p, const mc_history *h, int64_t now, int64_t bar) {
  int64_t least = now;
  for (uint64_t i = 0; i < p->segments; i++) {
    mc_segment *s = p->segment + i;
    int64_t delay = (int64_t)e->least_delay + s->age, upto = now - 2 * delay;
    int is_behind = s->seen < bar && s->seen < upto;
    least = is_behind ? (upto < least ? upto : least) : s->seen < least ? s->seen : least;
    if (!is_behind) continue;
    if (s->last >= 0)
      for (uint64_t j = s->first; j < s->first + s->count; j++)
        p->weight[j] = mc_work(p, h, s, p->target[j], p->weight[j], delay, upto, 0, 0);
    s->seen = upto;
  }
  return least;
}

/* Whether the oldest spike of a neuron may be forgotten: the one after it has been worked through by all, so that no trace rests on it. */
static inline const mc_post *mc_second(const mc_history *h, uint32_t n) {
  return h->post + (uint64_t)n * h->room + ((h->fired[n] + 1) & (h->room - 1));
}
static inline int mc_is_free(const mc_history *h, uint32_t n) { return h->fired[n] < h->room || mc_second(h, n)->at <= h->safe; }

/* Make room for a spike of neuron n, where it can be done: what others may need soon is done along with it. */
static inline void mc_make_free(const mc_engine *e, struct mc_plasticity *all, uint32_t history, uint32_t n, int64_t now) {
  mc_history *h = all->history + history;
  int64_t need = mc_second(h, n)->at, bar = need + (now - need) / 2, safe = now;
  for (uint32_t q = 0; q < all->projections; q++) {
    if (all->projection[q].rule != MC_STDP || all->projection[q].history != history) continue;
    int64_t reached = mc_sweep(e, all->projection + q, h, now, bar);
    safe = reached < safe ? reached : safe;
  }
  h->safe = safe;
  all->sweeps++;
}

/* Keep twice as many spikes of each neuron; returns nonzero where memory is short. */
static inline int mc_widen(mc_history *h) {
  uint32_t room = 2 * h->room;
  mc_post *post = malloc((size_t)h->count * room * sizeof *post);
  if (!post) return 1;
  for (uint32_t n = 0; n < h->count; n++)
    for (uint64_t i = h->fired[n] > h->room ? h->fired[n] - h->room : 0; i < h->fired[n]; i++)
      post[(uint64_t)n * room + (i & (room - 1))] = h->post[(uint64_t)n * h->room + (i & (h->room - 1))];
  free(h->post);
  h->post = post;
  h->room = room;
  return 0;
}

/* Keep that neurons of one population fired at `instant`, when everything up to it has been delivered. */
static inline void mc_keep_fired(const mc_engine *e, struct mc_plasticity *all, const mc_run *run, const uint32_t *id, uint32_t ids, int64_t instant) {
  for (uint32_t q = 0; q < all->histories; q++) {
    mc_history *h = all->history + q;
    if (h->population != run->population) continue;
    for (uint32_t i = 0; i < ids; i++) {
      uint32_t n = (uint32_t)((int64_t)id[i] - run->id_shift) - h->first;
      if (n >= h->count) continue;
      if (!mc_is_free(h, n)) mc_make_free(e, all, q, n, instant);
      if (!mc_is_free(h, n) && mc_widen(h)) {
        all->is_short_of_memory = 1;
        return;
      }
      mc_post *post = h->post + (uint64_t)n * h->room;
      const mc_post *last = h->fired[n] ? post + ((h->fired[n] - 1) & (h->room - 1)) : 0;
      double trace = last && !h->is_nearest ? last->trace * mc_decayed(&h->decay, instant - last->at) : 0;
      post[h->fired[n]++ & (h->room - 1)] = (mc_post){instant, trace + 1};
    }
  }
}

#endif
