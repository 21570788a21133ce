/* Random words for sixteen lanes at once, and the background's counts of one chunk. Included once for each instruction set, with
 * MC_NAME (appends the level's name), MC_TARGET (function attribute), MC_BYTES (width of a vector) and MC_MULTIPLY (product of the even
 * 32-bit lanes as 64-bit numbers) defined. */

typedef uint32_t MC_NAME(words) __attribute__((vector_size(MC_BYTES)));
typedef int32_t MC_NAME(signs) __attribute__((vector_size(MC_BYTES)));
typedef uint64_t MC_NAME(longs) __attribute__((vector_size(MC_BYTES)));

/* High and low halves of the products of all lanes with one constant. */
MC_TARGET static inline void MC_NAME(products)(MC_NAME(words) x, uint64_t factor, MC_NAME(words) *high, MC_NAME(words) *low) {
  MC_NAME(longs) f = (MC_NAME(longs)){0} + factor, even = MC_MULTIPLY((MC_NAME(longs))x, f), odd = MC_MULTIPLY((MC_NAME(longs))x >> 32, f);
  *high = (MC_NAME(words))(even >> 32 | (odd & 0xffffffff00000000u));
  *low = (MC_NAME(words))((even & 0xffffffffu) | odd << 32);
}

MC_TARGET static inline void MC_NAME(philox)(uint64_t key, uint64_t tick, MC_NAME(words) c0, MC_NAME(words) c1, MC_NAME(words) out[4]) {
  MC_NAME(words) c2 = (MC_NAME(words)){0} + (uint32_t)tick, c3 = (MC_NAME(words)){0} + (uint32_t)(tick >> 32);
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int round = 0; round < 10; round++) {
    MC_NAME(words) high0, low0, high2, low2;
    MC_NAME(products)(c0, 0xD2511F53u, &high0, &low0);
    MC_NAME(products)(c2, 0xCD9E8D57u, &high2, &low2);
    c0 = high2 ^ c1 ^ k0;
    c2 = high0 ^ c3 ^ k1;
    c1 = low2;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

enum { MC_NAME(wide) = MC_BYTES / 4 };
static const uint32_t MC_NAME(lane)[MC_LANES] __attribute__((aligned(64))) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* The four words of draws draw ... draw + 15 of one entity, at tick 0. */
MC_TARGET static void MC_NAME(draw)(uint64_t key, uint32_t entity, uint32_t draw, uint32_t word[4][MC_LANES]) {
  for (int g = 0; g < MC_LANES; g += MC_NAME(wide)) {
    MC_NAME(words) lane = *(const MC_NAME(words) *)(MC_NAME(lane) + g), out[4];
    MC_NAME(philox)(key, 0, (MC_NAME(words)){0} + entity, lane + draw, out);
    for (int w = 0; w < 4; w++) memcpy(word[w] + g, &out[w], MC_BYTES);
  }
}

/* The counts of the 64 neurons of one chunk in one step: neuron n takes word n / 16 of lane n % 16. */
MC_TARGET static inline void MC_NAME(poisson)(const cosim_poisson *p, uint64_t key, uint32_t chunk, uint64_t step, int32_t *restrict count) {
  MC_NAME(signs) tail = {0};
  for (int g = 0; g < MC_LANES; g += MC_NAME(wide)) {
    MC_NAME(words) entity = *(const MC_NAME(words) *)(MC_NAME(lane) + g) + chunk * MC_LANES, out[4];
    MC_NAME(philox)(key, step, entity, (MC_NAME(words)){0}, out);
    MC_NAME(signs) u0 = (MC_NAME(signs))(out[0] ^ 0x80000000u), u1 = (MC_NAME(signs))(out[1] ^ 0x80000000u);
    MC_NAME(signs) u2 = (MC_NAME(signs))(out[2] ^ 0x80000000u), u3 = (MC_NAME(signs))(out[3] ^ 0x80000000u);
    MC_NAME(signs) n0 = {0}, n1 = {0}, n2 = {0}, n3 = {0};
    for (int k = 0; k < p->count; k++) {
      MC_NAME(signs) below = (MC_NAME(signs)){0} + p->below[k];
      n0 -= u0 >= below, n1 -= u1 >= below, n2 -= u2 >= below, n3 -= u3 >= below;
    }
    MC_NAME(signs) last = (MC_NAME(signs)){0} + p->count;
    tail |= (n0 == last) | (n1 == last) | (n2 == last) | (n3 == last);
    memcpy(count + g, &n0, MC_BYTES);
    memcpy(count + MC_LANES + g, &n1, MC_BYTES);
    memcpy(count + 2 * MC_LANES + g, &n2, MC_BYTES);
    memcpy(count + 3 * MC_LANES + g, &n3, MC_BYTES);
  }
  int32_t any = 0;
  for (int i = 0; i < MC_NAME(wide); i++) any |= tail[i];
  if (any) mc_poisson_refine(p, key, chunk, step, count);
}

static const mc_level MC_NAME(level) = {MC_LEVEL_NAME, MC_NAME(draw)};

#ifdef MC_PER_LEVEL
#include MC_PER_LEVEL
#endif
