/* Poisson counts by inversion of the distribution function, from one 16-bit random word each.
 *
 * Count k owns floor(P(X = k) 2^16) of the 65536 words; a count is the number of thresholds that the word exceeds. The few words above the
 * last threshold are nobody's: for them the count is drawn from what the flooring left of each probability, with a second word of 64 bits,
 * the guard. So the distribution is that of the probabilities themselves, each exact to 2^-53, and its tail is exact beyond 2^-64.
 *
 * Who reads which word: neuron n reads half (n % 32) / 16 (0 is the low one) of word (n % 128) / 32 of the Philox block of entity
 * 16 (n / 128) + n % 16, draw 0; its guard is the first two words of the same entity's draw 1 + (n % 128) / 16. So sixteen blocks, drawn
 * side by side, serve 128 neurons, and a compiler can keep them in vector registers.
 */
#ifndef COSIM_POISSON_H
#define COSIM_POISSON_H

#include <math.h>
#include <stdint.h>

#include "elementary.h"
#include "philox.h"

#define COSIM_LARGEST_MEAN 64. /* the body suffices up to here */

enum { COSIM_POISSON_BODY = 128, COSIM_POISSON_LARGEST = 168, COSIM_POISSON_GROUP = 128, COSIM_POISSON_ENTITIES = 16 };

typedef struct {
  double mean;                            /* expected count */
  int32_t count;                          /* thresholds in use; 0 where nothing can happen */
  int32_t least;                          /* the smallest count that owns words */
  int32_t largest;                        /* the largest count that can be drawn */
  int16_t below[COSIM_POISSON_BODY];      /* last word of the counts up to least + k, less 2^15: processors compare signed numbers */
  uint64_t rest[COSIM_POISSON_LARGEST];   /* the guards up to this one mean at most k */
} cosim_poisson;

static inline void cosim_poisson_set(cosim_poisson *p, double mean) {
  double mass[COSIM_POISSON_LARGEST + 1], above = 0;
  int32_t share[COSIM_POISSON_LARGEST + 1], n = 0, mode = 0, owned = 0; /* what lies beyond n is below 2^-130, no guard can see it */
  p->mean = mean;
  p->count = 0;
  if (!(mean > 0)) return;
  mass[0] = cosim_exp(-mean);
  while (n < COSIM_POISSON_LARGEST && (n <= mean || mass[n] >= 0x1p-130)) n++, mass[n] = mass[n - 1] * mean / n;
  for (int32_t k = 0; k <= n; k++) {
    share[k] = (int32_t)(mass[k] * 65536);
    owned += share[k];
    if (share[k] > share[mode]) mode = k;
  }
  if (owned > 65535) share[mode] -= owned - 65535, owned = 65535; /* some word must be nobody's */
  p->largest = n;
  for (int32_t k = n - 1; k >= 0; k--) { /* the small terms first */
    above += mass[k + 1] * 65536 - share[k + 1];
    double left = above / (65536 - owned) * 0x1p64;
    p->rest[k] = UINT64_MAX - (left >= 0x1p64 ? UINT64_MAX : left > 0 ? (uint64_t)left : 0);
  }
  p->least = 0;
  while (!share[p->least]) p->least++;
  for (int32_t k = p->least, upto = 0; k <= n && share[k] && p->count < COSIM_POISSON_BODY; k++) {
    upto += share[k];
    p->below[p->count++] = (int16_t)(upto - 1 - 32768);
  }
}

static inline uint32_t cosim_poisson_entity(uint32_t neuron) {
  return neuron / COSIM_POISSON_GROUP * COSIM_POISSON_ENTITIES + neuron % COSIM_POISSON_ENTITIES;
}

/* The count of a neuron whose word exceeds all thresholds. */
static inline int32_t cosim_poisson_rest(const cosim_poisson *p, uint64_t key, uint32_t neuron, uint64_t tick) {
  uint32_t draw = 1 + neuron % COSIM_POISSON_GROUP / COSIM_POISSON_ENTITIES;
  uint64_t guard = philox_bits(philox4x32(key, cosim_poisson_entity(neuron), draw, tick), 0);
  int32_t count = 0;
  while (count < p->largest && guard > p->rest[count]) count++;
  return count;
}

#endif
