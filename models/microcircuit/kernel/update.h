/* One step of iaf_psc_exp by exact integration. Included once for each instruction set and precision, with MC_KIND, MC_REAL, its
 * MC_LARGEST, and MC_INT (an integer as wide as MC_REAL, so that the loop vectorises) defined.
 *
 * Source: Rotter & Diesmann 1999, Biol Cybern 81:381. The potential uses the synaptic current before this step's arrivals; a neuron that
 * reaches the threshold is reset and stays there for `refractory` steps, in which the current goes on decaying and summing. What is added
 * to the potential is computed from m22 = p22 - 1, not p22: rounding p22 would change the time constant by a thousand times as much. */

typedef struct { MC_REAL p11, p21, m22, drive, threshold, reset, unit, weight; MC_INT refractory; } MC_KIND(constants);

/* Returns nonzero where a neuron of the chunk has reached the threshold or left the finite numbers; `fired` says which. */
MC_TARGET static inline MC_INT MC_KIND(chunk)(const MC_KIND(constants) *restrict k, MC_REAL *restrict potential, MC_REAL *restrict current,
                                              MC_INT *restrict resting, int32_t *restrict input, const int32_t *restrict count,
                                              MC_INT *restrict fired) {
  MC_INT any = 0;
  for (int n = 0; n < MC_CHUNK; n++) {
    MC_INT rest = resting[n];
    MC_REAL v = potential[n] + ((k->m22 * potential[n] + k->p21 * current[n]) + k->drive);
    v = rest > 0 ? potential[n] : v;
    current[n] = k->p11 * current[n] + (k->unit * (MC_REAL)input[n] + k->weight * (MC_REAL)count[n]);
    input[n] = 0;
    MC_INT out = !(v < k->threshold) | !(v >= -MC_LARGEST);
    potential[n] = v >= k->threshold ? k->reset : v;
    resting[n] = out ? k->refractory : rest - (rest > 0);
    fired[n] = out;
    any |= out;
  }
  return any;
}

/* Write the ids of the neurons of one chunk that fired and are this rank's own; returns their number. */
static uint32_t MC_KIND(collect)(mc_engine *e, const mc_run *run, uint32_t first, uint64_t step, const MC_INT *fired, uint32_t *ids) {
  uint64_t own = e->own[first / MC_CHUNK];
  uint32_t found = 0;
  for (uint32_t n = 0; n < MC_CHUNK; n++) {
    if (!fired[n] || !(own >> n & 1)) continue;
    int64_t id = (int64_t)(first + n) + run->id_shift;
    if (!isfinite(((MC_REAL *)e->potential)[first + n]) || !isfinite(((MC_REAL *)e->current)[first + n])) mc_fail(e, id, step + 1);
    else ids[found++] = (uint32_t)id;
  }
  return found;
}

/* Update all chunks of one population on this rank; returns the number of ids written. */
MC_TARGET static uint32_t MC_KIND(update)(mc_engine *e, const mc_run *run, double direct, uint64_t step, uint32_t *ids) {
  const mc_population *p = e->population + run->population;
  const MC_KIND(constants) k = {
      (MC_REAL)p->p11, (MC_REAL)p->p21, (MC_REAL)p->m22, (MC_REAL)(p->p20 * direct), (MC_REAL)p->threshold, (MC_REAL)p->reset,
      (MC_REAL)e->unit_pa, (MC_REAL)p->background_pa, p->refractory};
  int32_t count[MC_CHUNK] __attribute__((aligned(64))) = {0};
  MC_INT fired[MC_CHUNK] __attribute__((aligned(64)));
  uint32_t found = 0;
  for (uint32_t c = 0, first = run->first; c < run->chunks; c++, first += MC_CHUNK) {
    if (p->background.count) MC_NAME(poisson)(&p->background, e->background_key, e->first_chunk + first / MC_CHUNK, step, count);
    if (MC_KIND(chunk)(&k, (MC_REAL *)e->potential + first, (MC_REAL *)e->current + first, (MC_INT *)e->resting + first, e->input + first,
                       count, fired))
      found += MC_KIND(collect)(e, run, first, step, fired, ids + found);
  }
  return found;
}
