/* Count the Poisson events of many neurons in one step, one 32-bit word each.
 *
 * Neuron n reads word (n % 64) / 16 of the Philox block of entity 16 (n / 64) + n % 16, draw 0: sixteen blocks, drawn side by side, serve
 * 64 neurons, and a compiler can keep them in vector registers. The guard word is the same word of draw 1. The microcircuit draws its
 * background by the same rule.
 */
#ifndef TRANSLATORS_EVENTS_H
#define TRANSLATORS_EVENTS_H

#include <stdint.h>

#include "philox.h"
#include "poisson.h"

enum { POISSON_CHUNK = 64, POISSON_LANES = 16 };

/* Fill `words` with 64 words for each chunk of 64 neurons. */
static inline void poisson_words(uint64_t key, uint64_t tick, int64_t chunks, uint32_t *restrict words) {
  for (int64_t chunk = 0; chunk < chunks; chunk++)
    for (int lane = 0; lane < POISSON_LANES; lane++) {
      philox_block block = philox4x32(key, (uint32_t)(chunk * POISSON_LANES + lane), 0, tick);
      for (int w = 0; w < 4; w++) words[chunk * POISSON_CHUNK + w * POISSON_LANES + lane] = block.word[w];
    }
}

/* Count the events of neurons first to stop (not with it) in one step; return how many there are. */
static inline int64_t poisson_count(const cosim_poisson *p, uint64_t key, uint64_t tick, const uint32_t *restrict words, int64_t first,
                                    int64_t stop, uint8_t *restrict counts) {
  int64_t events = 0;
  for (int64_t n = first; n < stop; n++) counts[n] = 0;
  if (!p->count) return 0;
  for (int k = 0; k < p->count; k++) {
    int32_t edge = p->below[k];
    for (int64_t n = first; n < stop; n++) counts[n] += cosim_poisson_signed(words[n]) >= edge;
  }
  for (int64_t n = first; n < stop; n++) {
    if (counts[n] == p->count) {
      uint32_t entity = (uint32_t)(n / POISSON_CHUNK * POISSON_LANES + n % POISSON_LANES);
      counts[n] = (uint8_t)cosim_poisson_tail(p, words[n], philox4x32(key, entity, 1, tick).word[n % POISSON_CHUNK / POISSON_LANES]);
    }
    events += counts[n];
  }
  return events;
}

#endif
