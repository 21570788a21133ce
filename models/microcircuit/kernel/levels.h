/* The kernels for every instruction set that this compiler can make, chosen at run time. All give the same bits. */
#ifndef MC_LEVELS_H
#define MC_LEVELS_H

#include "engine.h"
#include "processor.h"

/* Replace the counts of a chunk that reached the last threshold. */
static void mc_poisson_refine(const cosim_poisson *p, uint64_t key, uint32_t chunk, uint64_t step, int32_t count[MC_CHUNK]) {
  for (uint32_t n = 0; n < MC_CHUNK; n++) {
    if (count[n] < p->count) continue;
    uint32_t entity = chunk * MC_LANES + n % MC_LANES;
    uint32_t word = philox4x32(key, entity, 0, step).word[n / MC_LANES];
    count[n] = cosim_poisson_tail(p, word, philox4x32(key, entity, 1, step).word[n / MC_LANES]);
  }
}

#define MC_JOIN2(a, b) mc_##a##_##b
#define MC_JOIN(a, b) MC_JOIN2(a, b)
#define MC_NAME(name) MC_JOIN(name, MC_LEVEL)

#define MC_LEVEL baseline
#define MC_LEVEL_NAME "baseline"
#define MC_TARGET
#define MC_BYTES 16
#define MC_MULTIPLY(a, b) (((a) & 0xffffffffu) * ((b) & 0xffffffffu))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY

#if defined(COSIM_X86_LEVELS)
#include <immintrin.h>

#define MC_LEVEL v2
#define MC_LEVEL_NAME "x86-64-v2"
#define MC_TARGET __attribute__((target("arch=x86-64-v2")))
#define MC_BYTES 16
#define MC_MULTIPLY(a, b) ((mc_longs_v2)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY

#define MC_LEVEL v3
#define MC_LEVEL_NAME "x86-64-v3"
#define MC_TARGET __attribute__((target("arch=x86-64-v3")))
#define MC_BYTES 32
#define MC_MULTIPLY(a, b) ((mc_longs_v3)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY

#define MC_LEVEL v4
#define MC_LEVEL_NAME "x86-64-v4"
#define MC_TARGET __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#define MC_BYTES 64
#define MC_MULTIPLY(a, b) ((mc_longs_v4)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY
#endif

/* The level of this number, from the simplest; null where the processor or the list ends. */
static inline const mc_level *mc_level_at(int number) {
  if (number == 0) return &mc_level_baseline;
#if defined(COSIM_X86_LEVELS)
  if (number == 1 && __builtin_cpu_supports("x86-64-v2")) return &mc_level_v2;
  if (number == 2 && __builtin_cpu_supports("x86-64-v3")) return &mc_level_v3;
  if (number == 3 && __builtin_cpu_supports("x86-64-v4")) return &mc_level_v4;
#endif
  return 0;
}

#endif
