/* Poisson counts by inversion of the distribution function, from one 32-bit random word each.
 *
 * A count is the number of thresholds that the word reaches; a threshold is P(X <= k) in units of 2^-32. The last one stands where less
 * than 2^-20 of the probability is left. A word that reaches it is refined by a second one, the guard, to 64 bits, and compared with
 * thresholds of 64 bits. So the body of the distribution is exact to 2^-33 and its tail to 2^-53.
 */
#ifndef COSIM_POISSON_H
#define COSIM_POISSON_H

#include <math.h>
#include <stdint.h>

#include "elementary.h"

#define COSIM_LARGEST_MEAN 64. /* the body suffices up to here */

enum { COSIM_POISSON_BODY = 128, COSIM_POISSON_TAIL = 40 };

typedef struct {
  double mean;                          /* expected count */
  int32_t count;                        /* thresholds in use; 0 where nothing can happen */
  int32_t below[COSIM_POISSON_BODY];    /* P(X <= k) 2^32, as signed numbers, less 2^31: most processors compare only those side by side */
  uint64_t tail[COSIM_POISSON_TAIL];    /* P(X <= count - 1 + k) 2^64 */
} cosim_poisson;

static inline void cosim_poisson_set(cosim_poisson *p, double mean) {
  enum { last = COSIM_POISSON_BODY + COSIM_POISSON_TAIL };
  double mass[last + 1], above[last + 1] = {0}, sum = 0;
  int n = 0; /* what lies beyond is below 2^-130, no threshold can see it */
  p->mean = mean;
  p->count = 0;
  if (!(mean > 0)) return;
  mass[0] = cosim_exp(-mean);
  while (n < last && (n <= mean || mass[n] >= 0x1p-130)) n++, mass[n] = mass[n - 1] * mean / n;
  for (int k = n; k >= 0; k--) above[k] = sum, sum += mass[k]; /* P(X > k), the small terms first */
  int top = 0;
  while (top < COSIM_POISSON_BODY - 1 && above[top] >= 0x1p-20) top++;
  for (int k = 0; k < COSIM_POISSON_TAIL; k++) {
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

/* The word as the thresholds are kept. */
static inline int32_t cosim_poisson_signed(uint32_t word) { return (int32_t)(word ^ 0x80000000u); }

/* Count of a word that reached the last threshold. */
static inline int32_t cosim_poisson_tail(const cosim_poisson *p, uint32_t word, uint32_t guard) {
  uint64_t value = (uint64_t)word << 32 | guard;
  int32_t count = p->count - 1;
  for (int k = 0; k < COSIM_POISSON_TAIL && value >= p->tail[k]; k++) count++;
  return count;
}

#endif
