/* Poisson counts by inversion of the distribution function.
 *
 * A count is the number of thresholds that a 32-bit random word reaches; a threshold is P(X <= k) in units of 2^-32. The last one stands
 * where less than 2^-20 of the probability is left. A word that reaches it is refined by a second, the guard word, to 64 bits, and
 * compared with thresholds of 64 bits. So the body of the distribution is exact to 2^-33 and its tail to 2^-53.
 */
#ifndef MC_POISSON_H
#define MC_POISSON_H

#include "engine.h"

#define MC_LARGEST_MEAN 64. /* MC_THRESHOLDS suffices up to here */

static void mc_poisson_set(mc_poisson *p, double mean) {
  double mass[MC_THRESHOLDS + MC_TAIL + 1], above[MC_THRESHOLDS + MC_TAIL + 1], sum = 0;
  p->mean = mean;
  p->count = 0;
  if (!(mean > 0)) return;
  int last = MC_THRESHOLDS + MC_TAIL;
  mass[0] = cosim_exp(-mean);
  for (int k = 1; k <= last; k++) mass[k] = mass[k - 1] * mean / k;
  for (int k = last; k >= 0; k--) above[k] = sum, sum += mass[k]; /* P(X > k), the small terms first */
  int top = 0;
  while (top < MC_THRESHOLDS - 1 && above[top] >= 0x1p-20) top++;
  for (int k = 0; k < MC_TAIL; k++) {
    double rest = above[top + k] * 0x1p64;
    p->tail[k] = rest >= 0x1p64 ? 0 : UINT64_MAX - (uint64_t)rest;
  }
  for (int k = 0; k < top; k++) {
    double reached = 0x1p32 - nearbyint(above[k] * 0x1p32);
    p->below[k] = (int32_t)((uint32_t)(reached < 0 ? 0 : reached) ^ 0x80000000u);
  }
  p->below[top] = (int32_t)((uint32_t)(p->tail[0] >> 32) ^ 0x80000000u);
  p->count = top + 1;
}

/* Count of a word that reached the last threshold. */
static int32_t mc_poisson_tail(const mc_poisson *p, uint32_t word, uint32_t guard) {
  uint64_t value = (uint64_t)word << 32 | guard;
  int32_t count = p->count - 1;
  for (int k = 0; k < MC_TAIL && value >= p->tail[k]; k++) count++;
  return count;
}

/* Replace the counts of a chunk that reached the last threshold. */
static void mc_poisson_refine(const mc_poisson *p, uint64_t key, uint32_t chunk, uint64_t step, int32_t count[MC_CHUNK]) {
  for (uint32_t n = 0; n < MC_CHUNK; n++) {
    if (count[n] < p->count) continue;
    uint32_t entity = chunk * MC_LANES + n % MC_LANES;
    uint32_t word = philox4x32(key, entity, 0, step).word[n / MC_LANES];
    count[n] = mc_poisson_tail(p, word, philox4x32(key, entity, 1, step).word[n / MC_LANES]);
  }
}

#endif
