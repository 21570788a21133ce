/* One step of all neurons of a population. Included once for each instruction set and precision, with MC_KIND, MC_REAL, its MC_LARGEST,
 * MC_INT (an integer as wide as MC_REAL, so that loops vectorise) and the functions that a step may call defined. MC_STEP names the
 * file with the translated step function of the neuron model. */

typedef struct {
  MC_REAL constant[MC_CONSTANTS], unit[MC_INPUTS], background[MC_INPUTS], direct;
  MC_REAL *state[MC_STATES];
  int32_t *input[MC_INPUTS];
  const MC_REAL *extra[MC_INPUTS], *more, *uniform;
  const int32_t *count;
  MC_INT *fired;
} MC_KIND(given);

/* A function, so that both numbers are worked out whatever the condition: branches around an exponential keep a loop from vectorising. */
MC_TARGET static inline MC_REAL MC_KIND(where)(MC_INT condition, MC_REAL yes, MC_REAL no) {
  MC_INT mask = -(MC_INT)(condition != 0), a, b;
  memcpy(&a, &yes, sizeof a), memcpy(&b, &no, sizeof b);
  a = (a & mask) | (b & ~mask);
  memcpy(&yes, &a, sizeof a);
  return yes;
}
MC_TARGET static inline MC_REAL MC_KIND(minimum)(MC_REAL a, MC_REAL b) { return a < b ? a : b; }
MC_TARGET static inline MC_REAL MC_KIND(maximum)(MC_REAL a, MC_REAL b) { return a > b ? a : b; }

/* `chunk` updates MC_CHUNK neurons; it returns nonzero where one has fired or its potential has left the finite numbers, and `fired` says
 * which. `wide` is known when it is compiled. */
#include MC_STEP

/* Write the ids of the neurons of one chunk that fired and are this rank's own; returns their number. */
static uint32_t MC_KIND(collect)(mc_engine *e, const mc_run *run, uint32_t first, uint64_t step, const MC_INT *fired, uint32_t *ids) {
  uint64_t own = e->own[first / MC_CHUNK];
  uint32_t found = 0;
  for (uint32_t n = 0; n < MC_CHUNK; n++) {
    if (!fired[n] || !(own >> n & 1)) continue;
    int64_t id = (int64_t)(first + n) + run->id_shift;
    int is_sound = 1;
    for (uint32_t s = 0; s < e->n_states; s++) is_sound &= isfinite(((MC_REAL *)e->state[s])[first + n]) != 0;
    if (is_sound) ids[found++] = (uint32_t)id;
    else mc_fail(e, id, step + 1);
  }
  return found;
}

MC_TARGET static void MC_KIND(uniforms)(uint64_t key, uint32_t chunk, uint64_t step, MC_REAL *uniform) {
  for (uint32_t lane = 0; lane < MC_LANES; lane++) {
    philox_block b = philox4x32(key, chunk * MC_LANES + lane, 0, step);
    for (int w = 0; w < 4; w++) uniform[w * MC_LANES + lane] = ((MC_REAL)(b.word[w] >> MC_SPARE) + (MC_REAL).5) * MC_SPACING;
  }
}

/* Add what the other external neurons of the population bring to `extra`. */
MC_TARGET static void MC_KIND(hear)(mc_engine *e, const mc_population *p, uint32_t first, uint64_t step, MC_KIND(given) *g,
                                    MC_REAL extra[MC_INPUTS][MC_CHUNK]) {
  int32_t count[COSIM_POISSON_GROUP] __attribute__((aligned(64)));
  uint32_t chunk = e->first_chunk + first / MC_CHUNK;
  MC_NAME(keys) keys;
  for (uint32_t c = 0; c < e->n_inputs; c++) memcpy(extra[c], (MC_REAL *)e->extra + (uint64_t)c * e->local + first, sizeof extra[c]);
  for (uint32_t b = 1; b < p->backgrounds; b++) {
    const mc_background *h = p->background + b;
    if (!h->poisson.count) continue;
    uint64_t heard = h->heard ? h->heard[first / MC_CHUNK] : ~(uint64_t)0;
    if (!heard) continue;
    MC_NAME(schedule)(h->key, &keys);
    MC_NAME(poisson)(&h->poisson, h->key, &keys, chunk / 2, step, count);
    for (int n = 0; n < MC_CHUNK; n++)
      extra[h->input][n] += (MC_REAL)h->weight * (MC_REAL)(count[chunk % 2 * MC_CHUNK + n] * (int32_t)(heard >> n & 1));
  }
  for (uint32_t c = 0; c < e->n_inputs; c++) g->extra[c] = extra[c];
}

/* Update all chunks of one population on this rank; returns the number of ids written. */
MC_TARGET static uint32_t MC_KIND(update)(mc_engine *e, const mc_run *run, double direct, uint64_t step, uint32_t *ids) {
  const mc_population *p = e->population + run->population;
  const mc_background *h = p->background;
  int32_t count[COSIM_POISSON_GROUP] __attribute__((aligned(64))) = {0};
  MC_INT fired[MC_CHUNK] __attribute__((aligned(64)));
  MC_REAL uniform[MC_CHUNK] __attribute__((aligned(64))) = {0}, extra[MC_INPUTS][MC_CHUNK] __attribute__((aligned(64)));
  MC_KIND(given) g = {.direct = (MC_REAL)direct, .uniform = uniform, .fired = fired};
  for (int i = 0; i < MC_CONSTANTS; i++) g.constant[i] = (MC_REAL)p->constant[i];
  for (int c = 0; c < MC_INPUTS; c++) {
    g.unit[c] = (MC_REAL)p->unit[c];
    g.background[c] = p->backgrounds && h->input == (uint32_t)c ? (MC_REAL)h->weight : 0;
  }
  MC_NAME(keys) keys;
  if (p->backgrounds) MC_NAME(schedule)(h->key, &keys);
  int is_wide = e->is_wide;
  for (uint32_t b = 1; b < p->backgrounds; b++) is_wide |= p->background[b].poisson.count != 0;
  uint32_t found = 0, block_size = e->block[0].count, states = p->kernel->n_states, inputs = p->kernel->n_inputs;
  for (uint32_t c = 0, first = run->first; c < run->chunks; c++, first += MC_CHUNK) {
    uint32_t block = e->n_blocks == 1 ? 0 : first / block_size;
    for (uint32_t s = 0; s < states; s++) g.state[s] = (MC_REAL *)e->state[p->state[s]] + first;
    for (uint32_t i = 0; i < inputs; i++) g.input[i] = e->input + ((uint64_t)block * e->n_inputs + i) * block_size + (first - block * block_size);
    uint32_t chunk = e->first_chunk + first / MC_CHUNK;
    if (p->backgrounds && h->poisson.count && (c == 0 || chunk % 2 == 0)) MC_NAME(poisson)(&h->poisson, h->key, &keys, chunk / 2, step, count);
    g.count = count + chunk % 2 * MC_CHUNK;
    if (p->kernel->is_random) MC_KIND(uniforms)(e->random_key, chunk, step, uniform);
    MC_INT any;
    if (is_wide) {
      MC_KIND(hear)(e, p, first, step, &g, extra);
      g.more = (MC_REAL *)e->more + first;
      any = MC_KIND(chunk)(&g, 1);
    } else any = MC_KIND(chunk)(&g, 0);
    if (any) found += MC_KIND(collect)(e, run, first, step, fired, ids + found);
  }
  return found;
}
