/* Build the rows of synapses of one rank.
 *
 * Synapse j of a source in a projection draws one Philox block (entity: the source's number in its population, draw: j): its words choose
 * target, delay and weight. Under a fixed in-degree, synapse j of a *target* does so, and its first word chooses the source. Every rank
 * draws all synapses of a projection but keeps only those onto its own targets, so the network depends on nothing but its keys. By edge
 * it keeps its share only (`partial.h`).
 *
 * Without multapses the k partners of a neuron among n are a sample without replacement, drawn by Floyd's algorithm (Bentley & Floyd
 * 1987, Commun ACM 30:754): number j is drawn from n - k + j + 1 and, where it has been chosen before, is n - k + j itself. Every set of
 * k is equally likely, and each member costs one draw. Without autapses within one population, n leaves out the neuron itself.
 */
#ifndef MC_ROWS_H
#define MC_ROWS_H

#include "engine.h"
#include "partial.h"

enum { MC_NO_ROOM = 1, MC_ROW_TOO_LONG = 2 }; /* what may be wrong with a row: no room for it, or more than 65535 synapses onto one block */
enum { MC_BY_SOURCE, MC_BY_TARGET, MC_ALL_TO_ALL, MC_ONE_TO_ONE, MC_ARRAYS };

typedef struct { uint32_t target, draw; } mc_incoming;

typedef struct {
  uint64_t key;
  int32_t rule;
  int32_t skips, distinct;            /* whether a neuron is left out for itself; whether two neurons are connected at most once */
  uint32_t source_id, sources;        /* first id and size of the source population */
  uint32_t targets, own_first, own_stop; /* size of the target population; the part that is this rank's own */
  uint32_t input;                     /* which input of the target's kernel the synapses feed */
  int64_t to_local;                   /* local index = number in the target population + this */
  const uint32_t *outdegree;          /* (sources,) for MC_BY_SOURCE */
  const uint64_t *incoming_upto;      /* (sources + 1,) into `incoming`, for MC_BY_TARGET, or into `listed`, for MC_ARRAYS */
  const mc_incoming *incoming;
  const uint32_t *listed;             /* target of each synapse in order of the sources */
  int32_t lists_delay, lists_weight;  /* whether `delay`, `weight` have a value for each listed synapse, in place of equally likely ones */
  const uint16_t *delay;              /* (delays,): equally likely delays, less the least delay of the network, steps */
  const int16_t *weight;              /* (weights,): equally likely weights, in units of the network */
  uint32_t delays, weights;
  uint64_t *chosen;                   /* where `distinct`: one zero bit for each neuron that may be chosen */
  uint32_t part, parts;               /* which share of the rows is this rank's, of how many; 0 and 1 by neuron */
} mc_projection;

typedef struct { uint32_t packed; uint16_t age, block; } mc_entry;

static inline uint32_t mc_scale(uint32_t word, uint32_t n) { return (uint32_t)((uint64_t)word * n >> 32); }

/* Share out `total` synapses over the sources, each to a source of its own choice. */
static inline void mc_outdegrees(const mc_level *level, uint64_t key, uint64_t total, uint32_t sources, uint32_t *outdegree) {
  uint32_t word[4][MC_LANES];
  for (uint64_t first = 0; first < total; first += 4 * MC_LANES) {
    uint64_t group = first / (4 * MC_LANES), left = total - first;
    level->draw(key, (uint32_t)(group >> 28), (uint32_t)(group << 4), word);
    for (uint32_t i = 0; i < 4 * MC_LANES && i < left; i++) outdegree[mc_scale(word[i / MC_LANES][i % MC_LANES], sources)]++;
  }
}

/* As `mc_outdegrees`, for synapses to different ones of `targets`: a source that has k already is refused in k of `targets` cases, as
 * a synapse to a target drawn at random would be. */
static inline void mc_distinct_outdegrees(const mc_level *level, uint64_t key, uint64_t total, uint32_t sources, uint32_t targets,
                                          uint32_t *outdegree) {
  uint32_t word[4][MC_LANES];
  for (uint64_t found = 0, first = 0; found < total; first += MC_LANES) {
    level->draw(key, (uint32_t)(first >> 32), (uint32_t)first, word);
    for (uint32_t i = 0; i < MC_LANES && found < total; i++) {
      uint32_t *had = outdegree + mc_scale(word[0][i], sources);
      if (mc_scale(word[1][i], targets) < *had) continue;
      ++*had;
      found++;
    }
  }
}

/* Return which of `many` neurons partner number `draw` of `wanted` is; `self` is the neuron whose partner it is. */
static inline uint32_t mc_partner(const mc_projection *p, uint32_t word, uint32_t many, uint32_t wanted, uint32_t draw, uint32_t self) {
  uint32_t n = many - (uint32_t)p->skips, at;
  if (p->distinct) {
    uint32_t last = n - wanted + draw;
    at = mc_scale(word, last + 1);
    if (p->chosen[at / 64] >> at % 64 & 1) at = last;
    p->chosen[at / 64] |= (uint64_t)1 << at % 64;
  } else at = mc_scale(word, n);
  return at + (p->skips && at >= self);
}

static inline void mc_forget(const mc_projection *p, uint32_t many) {
  if (p->distinct) memset(p->chosen, 0, (many + 63) / 64 * sizeof *p->chosen);
}

/* Sort the synapses of a fixed in-degree by their source. `upto` (sources + 1,) is zero before; `incoming` holds all of them. */
static inline void mc_list_incoming(const mc_level *level, const mc_projection *p, uint32_t indegree, uint64_t *upto, mc_incoming *incoming) {
  uint32_t word[4][MC_LANES];
  for (int fill = 0; fill < 2; fill++) {
    for (uint32_t target = p->own_first; target < p->own_stop; target++) {
      uint32_t first = 0, stop = indegree;
      mc_narrow(target, p->part, p->parts, &first, &stop);
      uint32_t begin = p->distinct ? 0 : first; /* whom it has chosen before decides whom it may choose */
      for (uint32_t draw = begin; draw < stop; draw++) {
        uint32_t lane = (draw - begin) % MC_LANES;
        if (lane == 0) level->draw(p->key, target, draw, word);
        uint32_t source = mc_partner(p, word[0][lane], p->sources, indegree, draw, target);
        if (draw < first) continue;
        if (fill) incoming[upto[source]++] = (mc_incoming){target, draw};
        else upto[source + 1]++;
      }
      mc_forget(p, p->sources);
    }
    if (!fill) for (uint32_t s = 0; s < p->sources; s++) upto[s + 1] += upto[s];
  }
  memmove(upto + 1, upto, p->sources * sizeof *upto); /* the filling moved every place to the next one's */
  upto[0] = 0;
}

static inline mc_entry mc_entry_of(const mc_engine *e, const mc_projection *p, uint32_t target, uint16_t age, int16_t weight) {
  uint32_t local = (uint32_t)((int64_t)target + p->to_local), block = e->n_blocks == 1 ? 0 : local / e->block[0].count;
  uint32_t slot = p->input * e->block[0].count + local - block * e->block[0].count;
  return (mc_entry){mc_pack_synapse(slot, weight), age, (uint16_t)block};
}

static inline mc_entry mc_make(const mc_engine *e, const mc_projection *p, uint32_t target, uint32_t delay_word, uint32_t weight_word) {
  return mc_entry_of(e, p, target, p->delay[mc_scale(delay_word, p->delays)], p->weight[mc_scale(weight_word, p->weights)]);
}

/* Append the synapses of one source in one projection onto this rank's own targets; returns the new number of entries. */
static uint32_t mc_draw_row(const mc_engine *e, const mc_projection *p, uint32_t source, mc_entry *entry, uint32_t n) {
  uint32_t word[4][MC_LANES], own = p->own_stop - p->own_first;
  if (p->rule == MC_BY_TARGET) {
    for (uint64_t i = p->incoming_upto[source]; i < p->incoming_upto[source + 1]; i++) {
      philox_block b = philox4x32(p->key, p->incoming[i].target, p->incoming[i].draw, 0);
      entry[n++] = mc_make(e, p, p->incoming[i].target, b.word[1], b.word[2]);
    }
    return n;
  }
  if (p->rule == MC_ARRAYS) {
    uint64_t begin = p->incoming_upto[source];
    uint32_t from = 0, to = (uint32_t)(p->incoming_upto[source + 1] - begin);
    mc_narrow(source, p->part, p->parts, &from, &to);
    for (uint64_t i = begin + from; i < begin + to; i++) {
      if (p->listed[i] - p->own_first >= own) continue;
      philox_block b = {{0}};
      if (!p->lists_delay || !p->lists_weight) b = philox4x32(p->key, source, (uint32_t)(i - begin), 0);
      entry[n++] = mc_entry_of(e, p, p->listed[i], p->delay[p->lists_delay ? i : mc_scale(b.word[1], p->delays)],
                               p->weight[p->lists_weight ? i : mc_scale(b.word[2], p->weights)]);
    }
    return n;
  }
  uint32_t first = p->rule == MC_ALL_TO_ALL ? p->own_first : 0, stop = p->rule == MC_ALL_TO_ALL ? p->own_stop : 1;
  if (p->rule == MC_BY_SOURCE) stop = p->outdegree[source];
  uint32_t wanted = stop, kept = first;
  mc_narrow(source, p->part, p->parts, &kept, &stop);
  if (!p->distinct) first = kept;
  for (uint32_t j = first; j < stop; j += MC_LANES) {
    e->level->draw(p->key, source, j, word);
    uint32_t many = stop - j < MC_LANES ? stop - j : MC_LANES;
    for (uint32_t i = 0; i < many; i++) {
      uint32_t target = p->rule == MC_ALL_TO_ALL ? j + i : source;
      if (p->rule == MC_BY_SOURCE) target = mc_partner(p, word[0][i], p->targets, wanted, j + i, source);
      else if (p->skips && target == source) continue;
      if (j + i >= kept && target - p->own_first < own) entry[n++] = mc_make(e, p, target, word[1][i], word[2][i]);
    }
  }
  mc_forget(p, p->targets);
  return n;
}

/* Put the entries of one source behind each other, by block and delay; `count` is (blocks * ages,) and zero before and after.
 * Returns 0, or what is wrong. */
static int mc_store_row(mc_engine *e, uint32_t source, const mc_entry *entry, uint32_t n, uint32_t *count) {
  if (e->used + n > e->capacity) return MC_NO_ROOM;
  for (uint32_t i = 0; i < n; i++) count[entry[i].block * e->ages + entry[i].age]++;
  uint32_t *out = e->synapse + e->used, place = 0;
  for (uint32_t b = 0; b < e->n_blocks; b++) {
    uint16_t *upto = e->block[b].upto + (uint64_t)source * (e->ages + 1);
    uint32_t begin = place, *here = count + b * e->ages;
    e->block[b].begin[source] = e->used + begin;
    for (uint32_t a = 0; a < e->ages; a++) {
      upto[a] = (uint16_t)(place - begin);
      uint32_t many = here[a];
      here[a] = place;
      place += many;
    }
    if (place - begin > UINT16_MAX) return MC_ROW_TOO_LONG;
    upto[e->ages] = (uint16_t)(place - begin);
  }
  for (uint32_t i = 0; i < n; i++) out[count[entry[i].block * e->ages + entry[i].age]++] = entry[i].packed;
  e->used += n;
  memset(count, 0, sizeof *count * e->n_blocks * e->ages);
  return 0;
}

/* Build the rows of all sources of one population from its projections. `entry` has room for the longest row. */
static inline int mc_build_rows(mc_engine *e, const mc_projection *const *p, uint32_t projections, uint32_t first_id, uint32_t sources,
                         mc_entry *entry, uint32_t *count) {
  for (uint32_t s = 0; s < sources; s++) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < projections; i++) n = mc_draw_row(e, p[i], s, entry, n);
    int wrong = mc_store_row(e, first_id + s, entry, n, count);
    if (wrong) return wrong;
  }
  return 0;
}

#endif
