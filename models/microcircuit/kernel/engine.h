/* What one rank holds of a network, and what the kernels share.
 *
 * Neurons are numbered three ways. An *id* counts all neurons of the network. A *slot* counts them with every population padded to
 * whole chunks of 64, so that a chunk has one set of constants. A *local* index is a slot minus the first slot of this rank.
 * A rank owns a contiguous range of neurons; it updates every chunk that holds one of them and lets only its own speak (`own`).
 */
#ifndef MC_ENGINE_H
#define MC_ENGINE_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elementary.h"
#include "meeting.h"
#include "philox.h"
#include "poisson.h"

enum {
  MC_CHUNK = 64,       /* neurons that are updated together: 16 lanes, four words of one Philox block each */
  MC_LANES = 16,
  MC_QUANTILES = 65536, /* weights and delays are drawn from so many equally likely values */
  MC_BLOCK = 65536,    /* most targets of one block: a packed synapse has 16 bits for them */
  MC_DUE = 4096,       /* runs of synapses that are listed before they are delivered */
  MC_AHEAD = 4         /* how many runs ahead their synapses are fetched */
};

/* Constants of one population; potentials are relative to E_L. */
typedef struct {
  double p11, p21, m22, p20;        /* propagators of one step: 1, mV/pA, 1 (less 1), mV/pA */
  double threshold, reset, rest;    /* mV; `rest` is E_L itself */
  double background_pa, input_pa;   /* what one background spike and one spike on the input port add to the current */
  double counts_per_hz;             /* expected background spikes in one step, for each Hz */
  int32_t refractory;               /* steps */
  cosim_poisson background;
} mc_population;

/* Chunks of one population, one after the other, on this rank. */
typedef struct {
  uint32_t population, first, chunks; /* `first` is local */
  int64_t id_shift;                   /* id = local index + shift */
} mc_run;

/* A run of synapses that is due now. */
typedef struct { const uint32_t *synapse; uint32_t count; } mc_due;

/* Targets [first, first + count) of this rank, and for each source where its row stands: `begin` is the place of the first synapse,
 * `upto` has ages + 1 entries a source: how many synapses of the row have less than this delay. */
typedef struct { uint32_t first, count; uint64_t *begin; uint16_t *upto; } mc_block;

typedef struct mc_engine mc_engine;
typedef struct {
  const char *name;
  void (*draw)(uint64_t key, uint32_t entity, uint32_t draw, uint32_t word[4][MC_LANES]);
  uint32_t (*update_single)(mc_engine *, const mc_run *, double direct, uint64_t step, uint32_t *ids);
  uint32_t (*update_double)(mc_engine *, const mc_run *, double direct, uint64_t step, uint32_t *ids);
} mc_level;

struct mc_engine {
  const mc_level *level;
  int32_t is_double;
  uint32_t rank, size, spin;
  uint32_t neurons, local;            /* of the network; of this rank, a multiple of MC_CHUNK */
  uint32_t first_chunk;               /* of this rank, counted over the network */
  uint32_t n_populations, n_runs, n_blocks;
  mc_population *population;
  mc_run *run;
  mc_block *block;
  uint64_t *own;                      /* one bit a neuron, one word a chunk */
  void *potential, *current;          /* float or double, (local,): mV above E_L, pA */
  void *resting;                      /* int32 or int64, (local,): steps that the neuron stays refractory */
  int32_t *input;                     /* (local,): what arrives in this step, in units of `unit_pa` */
  int32_t *arrived;                   /* (local,): spikes from the input port in this step */
  double unit_pa;
  uint64_t background_key;
  uint32_t *synapse;                  /* all rows; 16 bits weight (signed), 16 bits target within its block */
  uint64_t capacity, used;            /* of `synapse` */
  uint32_t least_delay, ages;         /* delays are least_delay ... least_delay + ages - 1, steps */
  mc_due *due;
  /* The ring of emitted spikes: ids of rank u at ring_id[slot * neurons + first_id[u]], their number at ring_count[slot * stride + u * 16]. */
  uint32_t slots, stride;             /* slots are a power of two */
  uint32_t *ring_id, *ring_count;
  const uint32_t *first_id;           /* (size,) */
  cosim_meeting *meeting;             /* null where the ranks share no memory */
  int64_t *failure;                   /* (size, 8): id + 1 of a neuron of each rank that left the finite numbers, 0 for none; and when, in steps */
  uint64_t events;                    /* synapses delivered so far */
};

/* What one call of the kernel is given for its window. */
typedef struct {
  uint64_t first;                     /* number of the first step */
  uint32_t steps;
  const double *rate_hz;              /* (steps, populations) */
  const double *direct_pa;            /* (steps, populations) */
  const int64_t *arrival_upto;        /* (steps + 1,) into arrival, or null */
  const int64_t *arrival;             /* ids */
  uint32_t traces;
  const uint32_t *trace;              /* local indices */
  double *trace_potential, *trace_current; /* (traces, steps): mV, pA */
  uint32_t *spikes;                   /* (steps,): number of spikes of all ranks; null where nobody asks */
  uint32_t *id;                       /* their ids, grown as needed */
  uint64_t n_ids, id_capacity;
} mc_window;

/* The instant is written first: another rank may read while this one is already in the next window, and then ignores what is later
 * than its own window. */
static inline void mc_fail(mc_engine *e, int64_t id, uint64_t instant) {
  int64_t *mine = e->failure + 8 * e->rank;
  if (mine[0]) return;
  mine[1] = (int64_t)instant;
  __atomic_store_n(mine, id + 1, __ATOMIC_RELEASE);
}

#endif
