/* What one rank holds of a network, and what the kernels share.
 *
 * Neurons are numbered three ways. An *id* counts all neurons of the network. A *slot* counts them with every population padded to
 * whole chunks of 64, so that a chunk has one set of constants. A *local* index is a slot minus the first slot of this rank.
 * A rank owns a contiguous range of neurons; it updates every chunk that holds one of them and lets only its own speak (`own`).
 * Partition by neuron: it holds all synapses onto its own neurons. By edge: it holds a share of all synapses (`partial.h`), and a local
 * index is the slot itself.
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
  MC_STATES = 24, MC_CONSTANTS = 64, MC_INPUTS = 4, MC_BACKGROUNDS = 16, /* most that one neuron model may have */
  MC_LEVELS = 4,       /* instruction sets, the plain one first */
  MC_CHUNK = 64,       /* neurons that are updated together: two chunks share one group of `poisson.h` */
  MC_LANES = 16,
  MC_QUANTILES = 65536, /* weights and delays are drawn from so many equally likely values */
  MC_SLOT_BITS = 17, MC_BLOCK = 1 << MC_SLOT_BITS, /* most places in the input of one block */
  MC_AGES = 32,        /* ages whose numbers of synapses are laid out at once */
  MC_BEYOND = 4,       /* words behind the last row that may be read */
  MC_DUE = 4096,       /* runs of synapses that are listed before they are delivered */
  MC_AHEAD = 4         /* how many runs ahead their synapses are fetched */
};

typedef struct mc_engine mc_engine;
typedef struct mc_run mc_run;
/* Update the chunks of one population; writes the ids of the neurons that fired and returns their number. */
typedef uint32_t (*mc_update)(mc_engine *, const mc_run *, double direct, uint64_t step, uint32_t *ids);

/* One step function of one neuron model, for every instruction set and both precisions. */
typedef struct {
  const char *name;
  const char *const *states, *const *constants, *const *inputs; /* names */
  uint32_t n_states, n_constants, n_inputs;
  int32_t is_random;
  mc_update update[MC_LEVELS][2];
} mc_kernel;

/* External neurons that every neuron of a population hears as Poisson spikes. */
typedef struct {
  uint64_t key;
  double counts_per_hz;               /* expected spikes in one step, for each Hz */
  double weight;                      /* of one spike, in the unit of the input it feeds */
  uint32_t input, rate;               /* which input of the kernel, and which column of the rates */
  const uint64_t *heard;              /* one bit for each local neuron that hears them; null where all do, as with the first */
  cosim_poisson poisson;
} mc_background;

/* One population: its kernel and that one's constants. */
typedef struct {
  const mc_kernel *kernel;
  double constant[MC_CONSTANTS];
  double unit[MC_INPUTS];             /* what one unit of a synapse's weight is worth */
  uint32_t state[MC_STATES];          /* which of the engine's arrays holds each state variable of the kernel */
  uint32_t backgrounds;
  mc_background background[MC_BACKGROUNDS];
} mc_population;

/* Chunks of one population, one after the other, on this rank. */
struct mc_run {
  uint32_t population, first, chunks; /* `first` is local */
  int64_t id_shift;                   /* id = local index + shift */
};

/* A packed synapse: the low MC_SLOT_BITS of the word name a place in the input of a block, the others are the weight (signed). With 17
 * bits for the place, one rank sums for all targets of a large column at once, and finds the runs of its synapses twice as long. */
static inline uint32_t mc_pack_synapse(uint32_t slot, int32_t weight) { return (uint32_t)weight << MC_SLOT_BITS | slot; }
static inline uint32_t mc_slot_of(uint32_t synapse) { return synapse & (MC_BLOCK - 1); }
static inline int32_t mc_weight_of(uint32_t synapse) { return (int32_t)synapse >> MC_SLOT_BITS; }

/* A run of synapses that is due now. */
typedef struct { const uint32_t *synapse; uint32_t count; } mc_due;

/* What the spikes of one step have still to bring to one block, side by side so that a step reads it in one go: the next synapse of each,
 * and how many are due at each of MC_AGES successive ages. */
typedef struct {
  uint32_t spikes, room;
  const uint32_t **next;            /* (room,) */
  uint16_t *count;                    /* (MC_AGES, spikes) */
} mc_flight;

/* Targets [first, first + count) of this rank; a packed synapse names input * count + target - first. For each source, where its
 * row stands: `begin` is the place of the first synapse, `upto` has ages + 1 entries a source: how many synapses of the row have less than this delay. */
typedef struct { uint32_t first, count; uint64_t *begin; uint16_t *upto; } mc_block;

typedef struct {
  const char *name;
  void (*draw)(uint64_t key, uint32_t entity, uint32_t draw, uint32_t word[4][MC_LANES]);
} mc_level;

struct mc_engine {
  const mc_level *level;
  uint32_t level_number;
  int32_t is_double;
  uint32_t rank, size, spin;
  uint32_t neurons, local;            /* of the network; of this rank, a multiple of MC_CHUNK */
  uint32_t first_chunk;               /* of this rank, counted over the network */
  uint32_t n_populations, n_runs, n_blocks;
  mc_population *population;
  mc_run *run;
  mc_block *block;
  uint64_t *own;                      /* one bit a neuron, one word a chunk */
  uint32_t n_states, n_inputs;        /* arrays of state; most inputs of any population */
  void *state[MC_STATES];             /* float or double, (local,); the first holds the steps that a neuron stays refractory */
  int32_t *input;                     /* (blocks, inputs, targets of a block): what arrives in this step, in units of the synapses */
  int32_t is_wide;                    /* whether `extra` and `more` count in this step */
  void *extra;                        /* float or double, (inputs, local): what arrives otherwise, in the unit of the input */
  void *more;                         /* float or double, (local,): direct current on top of that of the population, pA */
  uint64_t random_key;                /* of the neurons' own random numbers */
  uint32_t *synapse;                  /* all rows; packed, see `mc_pack_synapse` */
  uint64_t capacity, used;            /* of `synapse` */
  uint32_t least_delay, ages;         /* delays are least_delay ... least_delay + ages - 1, steps */
  mc_due *due;
  mc_flight *flight;                  /* (blocks, slots) */
  int32_t is_short_of_memory;
  /* The ring of emitted spikes: ids of rank u at ring_id[slot * neurons + first_id[u]], their number at ring_count[slot * stride + u * 16]. */
  uint32_t slots, stride;             /* slots are a power of two */
  uint32_t *ring_id, *ring_count;
  const uint32_t *first_id;           /* (size,) */
  /* Where synapses are shared out by edge, see partial.h; null by neuron. `width` is the length of `input`, which holds all neurons then. */
  int32_t *partial;                   /* (partials, ahead, width): what each rank's synapses deliver in the steps to come */
  uint32_t partials, ahead, width;
  cosim_meeting *meeting;             /* null where the ranks share no memory */
  int64_t *failure;                   /* (size, 8): id + 1 of a neuron of each rank that left the finite numbers, 0 for none; and when, in steps */
  uint64_t events;                    /* synapses delivered so far */
  struct mc_plasticity *plasticity;   /* synapses that change, see plastic.h; null where there are none */
};

/* What one call of the kernel is given for its window. */
typedef struct {
  uint64_t first;                     /* number of the first step */
  uint32_t steps;
  const double *rate_hz;              /* (steps, rates) */
  uint32_t rates;
  const double *direct_pa;            /* (steps, populations) */
  const int64_t *arrival_upto;        /* (steps + 1,) into the arrivals, or null */
  const uint32_t *arrival_at;         /* local index of the neuron */
  const uint32_t *arrival_input;      /* which input of its kernel */
  const double *arrival_weight;
  uint32_t currents;                  /* direct currents to neurons [first, stop), local */
  const uint32_t *current_first, *current_stop;
  const double *current_pa;           /* (currents, steps) */
  uint32_t traces;
  const uint32_t *trace, *trace_state; /* local index, and which array of state */
  double *traced;                     /* (traces, steps) */
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
