/* The kernels for every instruction set that this compiler can make, chosen at run time. All give the same bits. */
#ifndef MC_LEVELS_H
#define MC_LEVELS_H

#include "engine.h"
#include "processor.h"

/* Replace the counts of those neurons of a group whose words are nobody's. */
static void mc_poisson_rest(const cosim_poisson *p, uint64_t key, uint32_t group, uint64_t step, int32_t count[COSIM_POISSON_GROUP]) {
  for (uint32_t n = 0; n < COSIM_POISSON_GROUP; n++)
    if (count[n] == p->least + p->count) count[n] = cosim_poisson_rest(p, key, group * COSIM_POISSON_GROUP + n, step);
}

#define MC_JOIN2(a, b) mc_##a##_##b
#define MC_JOIN(a, b) MC_JOIN2(a, b)
#define MC_NAME(name) MC_JOIN(name, MC_LEVEL)

#define MC_LEVEL baseline
#define MC_LEVEL_NAME "baseline"
#define MC_TARGET
#define MC_BYTES 16
#define MC_MULTIPLY(a, b) (((a) & 0xffffffffu) * ((b) & 0xffffffffu))
#define MC_ONE_MORE(n, u, below) ((n) - ((u) > (below)))
#define MC_ANY(x) ((((mc_longs_baseline)(x))[0] | ((mc_longs_baseline)(x))[1]) != 0)
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY
#undef MC_ONE_MORE
#undef MC_ANY

#if defined(COSIM_X86_LEVELS)
#include <immintrin.h>

#define MC_LEVEL v2
#define MC_LEVEL_NAME "x86-64-v2"
#define MC_TARGET __attribute__((target("arch=x86-64-v2")))
#define MC_BYTES 16
#define MC_MULTIPLY(a, b) ((mc_longs_v2)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#define MC_ONE_MORE(n, u, below) ((n) - ((u) > (below)))
#define MC_ANY(x) (!_mm_testz_si128((__m128i)(x), (__m128i)(x)))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY
#undef MC_ONE_MORE
#undef MC_ANY

#define MC_LEVEL v3
#define MC_LEVEL_NAME "x86-64-v3"
#define MC_TARGET __attribute__((target("arch=x86-64-v3")))
#define MC_BYTES 32
#define MC_MULTIPLY(a, b) ((mc_longs_v3)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#define MC_ONE_MORE(n, u, below) ((n) - ((u) > (below)))
#define MC_ANY(x) (!_mm256_testz_si256((__m256i)(x), (__m256i)(x)))
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY
#undef MC_ONE_MORE
#undef MC_ANY

#define MC_LEVEL v4
#define MC_LEVEL_NAME "x86-64-v4"
#define MC_TARGET __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#define MC_BYTES 64
#define MC_MULTIPLY(a, b) ((mc_longs_v4)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#define MC_ONE_MORE(n, u, below) ((mc_shorts_v4)_mm512_mask_sub_epi16((__m512i)(n), _mm512_cmpgt_epi16_mask((__m512i)(u), (__m512i)(below)), \
                                                                     (__m512i)(n), _mm512_set1_epi16(-1)))
#define MC_ANY(x) (_mm512_test_epi64_mask((__m512i)(x), (__m512i)(x)) != 0)
#include "lanes.h"
#undef MC_LEVEL
#undef MC_LEVEL_NAME
#undef MC_TARGET
#undef MC_BYTES
#undef MC_MULTIPLY
#undef MC_ONE_MORE
#undef MC_ANY
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
