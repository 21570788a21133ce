/* Random words for sixteen lanes at once, and the background's counts of one chunk. Included once for each instruction set, with
 * MC_NAME (appends the level's name), MC_TARGET (function attribute), MC_BYTES (width of a vector), MC_MULTIPLY (product of the even 32-bit
 * lanes as 64-bit numbers), MC_ONE_MORE (16-bit lanes of the first, one more where the second exceed the third) and
 * MC_ANY (whether any bit is set) defined. */

typedef uint32_t MC_NAME(words) __attribute__((vector_size(MC_BYTES)));
typedef int16_t MC_NAME(shorts) __attribute__((vector_size(MC_BYTES)));
typedef uint64_t MC_NAME(longs) __attribute__((vector_size(MC_BYTES)));

/* The keys of the ten rounds; only their low 32 bits count. */
typedef struct { MC_NAME(longs) k0[10], k1[10]; } MC_NAME(keys);

MC_TARGET static inline void MC_NAME(schedule)(uint64_t key, MC_NAME(keys) *keys) {
  for (uint32_t round = 0; round < 10; round++) {
    keys->k0[round] = (MC_NAME(longs)){0} + ((uint32_t)key + round * 0x9E3779B9u);
    keys->k1[round] = (MC_NAME(longs)){0} + ((uint32_t)(key >> 32) + round * 0xBB67AE85u);
  }
}

/* Philox for the even lanes or for the odd lanes: a lane of 64 bits holds one number, and what stands above its low 32 bits is never read,
 * so that nothing need be put together before the end. */
MC_TARGET static inline void MC_NAME(rounds)(const MC_NAME(keys) *keys, MC_NAME(longs) c0, MC_NAME(longs) c1, MC_NAME(longs) c2,
                                             MC_NAME(longs) c3, MC_NAME(longs) out[4]) {
  MC_NAME(longs) f0 = (MC_NAME(longs)){0} + 0xD2511F53u, f2 = (MC_NAME(longs)){0} + 0xCD9E8D57u;
  for (int round = 0; round < 10; round++) {
    MC_NAME(longs) a = MC_MULTIPLY(c0, f0), b = MC_MULTIPLY(c2, f2);
    c0 = b >> 32 ^ c1 ^ keys->k0[round];
    c2 = a >> 32 ^ c3 ^ keys->k1[round];
    c1 = b;
    c3 = a;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

MC_TARGET static inline void MC_NAME(philox)(const MC_NAME(keys) *keys, uint64_t tick, MC_NAME(words) c0, MC_NAME(words) c1,
                                             MC_NAME(words) out[4]) {
  MC_NAME(longs) c2 = (MC_NAME(longs)){0} + (uint32_t)tick, c3 = (MC_NAME(longs)){0} + (tick >> 32), even[4], odd[4];
  MC_NAME(rounds)(keys, (MC_NAME(longs))c0, (MC_NAME(longs))c1, c2, c3, even);
  MC_NAME(rounds)(keys, (MC_NAME(longs))c0 >> 32, (MC_NAME(longs))c1 >> 32, c2, c3, odd);
  for (int w = 0; w < 4; w++) out[w] = (MC_NAME(words))((even[w] & 0xffffffffu) | odd[w] << 32);
}

enum { MC_NAME(wide) = MC_BYTES / 4 };
static const uint32_t MC_NAME(lane)[MC_LANES] __attribute__((aligned(64))) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The four words of draws draw ... draw + 15 of one entity, at tick 0. */
MC_TARGET static void MC_NAME(draw)(uint64_t key, uint32_t entity, uint32_t draw, uint32_t word[4][MC_LANES]) {
  MC_NAME(keys) keys;
  MC_NAME(schedule)(key, &keys);
  for (int g = 0; g < MC_LANES; g += MC_NAME(wide)) {
    MC_NAME(words) lane = *(const MC_NAME(words) *)(MC_NAME(lane) + g), out[4];
    MC_NAME(philox)(&keys, 0, (MC_NAME(words)){0} + entity, lane + draw, out);
    for (int w = 0; w < 4; w++) memcpy(word[w] + g, &out[w], MC_BYTES);
  }
}

/* The counts of one group of 128 neurons in one step, as `poisson.h` says: sixteen blocks of four words with two halves each. */
MC_TARGET static inline void MC_NAME(poisson)(const cosim_poisson *p, uint64_t key, const MC_NAME(keys) *keys, uint32_t group, uint64_t step,
                                              int32_t *restrict count) {
  MC_NAME(shorts) last = (MC_NAME(shorts)){0} + (int16_t)(p->least + p->count), rest = {0};
  for (int g = 0; g < MC_LANES; g += MC_NAME(wide)) {
    MC_NAME(words) entity = *(const MC_NAME(words) *)(MC_NAME(lane) + g) + group * COSIM_POISSON_ENTITIES, out[4];
    MC_NAME(philox)(keys, step, entity, (MC_NAME(words)){0}, out);
    MC_NAME(shorts) u[4], n[4];
    for (int w = 0; w < 4; w++) u[w] = (MC_NAME(shorts))(out[w] ^ 0x80008000u), n[w] = (MC_NAME(shorts)){0} + (int16_t)p->least;
    for (int k = 0; k < p->count; k++) {
      MC_NAME(shorts) below = (MC_NAME(shorts)){0} + p->below[k];
      for (int w = 0; w < 4; w++) n[w] = MC_ONE_MORE(n[w], u[w], below);
    }
    for (int w = 0; w < 4; w++) {
      MC_NAME(words) low = (MC_NAME(words))n[w] & 0xffffu, high = (MC_NAME(words))n[w] >> 16;
      rest |= n[w] == last;
      memcpy(count + 32 * w + g, &low, MC_BYTES);
      memcpy(count + 32 * w + MC_LANES + g, &high, MC_BYTES);
    }
  }
  if (MC_ANY(rest)) mc_poisson_rest(p, key, group, step, count);
}

static const mc_level MC_NAME(level) = {MC_LEVEL_NAME, MC_NAME(draw)};

#ifdef MC_PER_LEVEL
#include MC_PER_LEVEL
#endif
