/* Count Poisson events by inversion of the distribution function: one 32-bit word a neuron and step.
 *
 * Neuron n reads word (n % 64) / 16 of the Philox block of entity 16 (n / 64) + n % 16, draw 0: sixteen blocks, drawn side by side, serve
 * 64 neurons, and a compiler can keep them in vector registers. The count is the number of thresholds that the word reaches; threshold k
 * is P(count <= k) in units of 2^-32. The last one stands where less than 2^-20 of the probability is left: a word that reaches it is
 * refined to 64 bits by the same word of draw 1. So the body of the distribution is exact to 2^-33 and its tail to 2^-53. The
 * microcircuit draws its background by the same rule.
 */
#ifndef TRANSLATORS_POISSON_H
#define TRANSLATORS_POISSON_H

#include <math.h>
#include <stdint.h>

#include "elementary.h"
#include "philox.h"

enum { POISSON_CHUNK = 64, POISSON_LANES = 16, POISSON_BODY = 128, POISSON_TAIL = 40 };

typedef struct {
  double mean;                  /* 0 to 64 events in a step */
  int count;                    /* thresholds in use; 0 where nothing can happen */
  uint32_t below[POISSON_BODY]; /* P(count <= k) 2^32 */
  uint64_t tail[POISSON_TAIL];  /* P(count <= count - 1 + k) 2^64 */
} poisson_table;

/* Fill `words` with 64 words for each chunk of 64 neurons. */
static inline void poisson_words(uint64_t key, uint64_t tick, int64_t chunks, uint32_t *restrict words) {
  for (int64_t chunk = 0; chunk < chunks; chunk++)
    for (int lane = 0; lane < POISSON_LANES; lane++) {
      philox_block block = philox4x32(key, (uint32_t)(chunk * POISSON_LANES + lane), 0, tick);
      for (int w = 0; w < 4; w++) words[chunk * POISSON_CHUNK + w * POISSON_LANES + lane] = block.word[w];
    }
}

static inline void poisson_set(poisson_table *p, double mean) {
  enum { last = POISSON_BODY + POISSON_TAIL };
  double mass[last + 1], above[last + 1], sum = 0;
  p->mean = mean;
  p->count = 0;
  if (!(mean > 0)) return;
  mass[0] = cosim_exp(-mean);
  for (int k = 1; k <= last; k++) mass[k] = mass[k - 1] * mean / k;
  for (int k = last; k >= 0; k--) above[k] = sum, sum += mass[k]; /* P(count > k), the small terms first */
  int top = 0;
  while (top < POISSON_BODY - 1 && above[top] >= 0x1p-20) top++;
  for (int k = 0; k < POISSON_TAIL; k++) {
    double rest = above[top + k] * 0x1p64;
    p->tail[k] = rest >= 0x1p64 ? 0 : UINT64_MAX - (uint64_t)rest;
  }
  for (int k = 0; k < top; k++) {
    double reached = 0x1p32 - nearbyint(above[k] * 0x1p32);
    p->below[k] = (uint32_t)(reached < 0 ? 0 : reached);
  }
  p->below[top] = (uint32_t)(p->tail[0] >> 32);
  p->count = top + 1;
}

/* Count the events of neurons first to stop (not with it) in one step; return how many there are. */
static inline int64_t poisson_count(const poisson_table *p, uint64_t key, uint64_t tick, const uint32_t *restrict words, int64_t first,
                                    int64_t stop, uint8_t *restrict counts) {
  int64_t events = 0;
  for (int64_t n = first; n < stop; n++) counts[n] = 0;
  if (!p->count) return 0;
  for (int k = 0; k < p->count; k++) {
    uint32_t edge = p->below[k];
    for (int64_t n = first; n < stop; n++) counts[n] += words[n] >= edge;
  }
  for (int64_t n = first; n < stop; n++) {
    if (counts[n] == p->count) {
      uint32_t entity = (uint32_t)(n / POISSON_CHUNK * POISSON_LANES + n % POISSON_LANES);
      uint64_t guard = philox4x32(key, entity, 1, tick).word[n % POISSON_CHUNK / POISSON_LANES];
      uint64_t value = (uint64_t)words[n] << 32 | guard;
      counts[n]--;
      for (int k = 0; k < POISSON_TAIL && value >= p->tail[k]; k++) counts[n]++;
    }
    events += counts[n];
  }
  return events;
}

#endif
