/* Count the Poisson events of many neurons in one step, one 16-bit word each; `poisson.h` says which. The microcircuit draws its background
 * by the same rule.
 */
#ifndef TRANSLATORS_EVENTS_H
#define TRANSLATORS_EVENTS_H

#include <stdint.h>

#include "philox.h"
#include "poisson.h"

/* Fill `words` with the words of each whole group of 128 neurons, as the thresholds are kept. */
static inline void poisson_words(uint64_t key, uint64_t tick, int64_t groups, int16_t *restrict words) {
  for (int64_t first = 0; first < groups * COSIM_POISSON_GROUP; first += COSIM_POISSON_GROUP)
    for (int64_t n = first; n < first + COSIM_POISSON_ENTITIES; n++) {
      philox_block block = philox4x32(key, cosim_poisson_entity((uint32_t)n), 0, tick);
      for (int w = 0; w < 4; w++) {
        words[n + 32 * w] = (int16_t)(block.word[w] ^ 0x8000u);
        words[n + 32 * w + 16] = (int16_t)(block.word[w] >> 16 ^ 0x8000u);
      }
    }
}

/* Count the events of neurons first to stop (not with it) in one step; return how many there are. */
static inline int64_t poisson_count(const cosim_poisson *p, uint64_t key, uint64_t tick, const int16_t *restrict words, int64_t first,
                                    int64_t stop, uint8_t *restrict counts) {
  int64_t events = 0;
  for (int64_t n = first; n < stop; n++) counts[n] = 0;
  if (!p->count) return 0;
  for (int64_t n = first; n < stop; n++) counts[n] = (uint8_t)p->least;
  for (int k = 0; k < p->count; k++) {
    int16_t below = p->below[k];
    for (int64_t n = first; n < stop; n++) counts[n] += words[n] > below;
  }
  for (int64_t n = first; n < stop; n++) {
    if (counts[n] == p->least + p->count) counts[n] = (uint8_t)cosim_poisson_rest(p, key, (uint32_t)n, tick);
    events += counts[n];
  }
  return events;
}

#endif
