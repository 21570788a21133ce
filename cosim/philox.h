/* Counter-based random numbers: Philox4x32-10.
 *
 * Source: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11, section 3.3 and table 2.
 *
 * The key is a stream (cosim.random.stream_key); the counter is who draws (entity), which draw it is, and when (tick).
 * So a number depends on nothing but (stream, entity, draw, tick).
 */
#ifndef COSIM_PHILOX_H
#define COSIM_PHILOX_H

#include <stdint.h>

typedef struct { uint32_t word[4]; } philox_block;

static inline philox_block philox4x32(uint64_t key, uint32_t entity, uint32_t draw, uint64_t tick) {
  uint32_t c0 = entity, c1 = draw, c2 = (uint32_t)tick, c3 = (uint32_t)(tick >> 32);
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
    c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)b;
    c3 = (uint32_t)a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  philox_block out = {{c0, c1, c2, c3}};
  return out;
}

/* 64 bits from two neighbouring words. */
static inline uint64_t philox_bits(philox_block b, int pair) {
  return (uint64_t)b.word[2 * pair] | (uint64_t)b.word[2 * pair + 1] << 32;
}

#endif
