/* Compile the equations and loops of one model for each instruction set; included by the source that is made of each model. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define EACH(i) _Pragma("GCC unroll 4") for (int i = 0; i < BRAIN_WIDE; i += LANES)
#define LOOPS(name) static __attribute__((flatten)) void LEVELLED(name)

#define LOOPS_OF(level) {slopes_##level, send_##level, {heun_bare_##level, heun_noisy_##level, heun_own_##level, heun_own_noisy_##level}, \
                         heun_full_##level, judge_##level, follow_##level}

#define LEVEL plain
#define LANES 2
#include "level.h"

#if defined(COSIM_X86_LEVELS)
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define LEVEL v3
#define LANES 4
#include "level.h"
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#define LEVEL v4
#define LANES 8
#include "level.h"
#pragma GCC pop_options
#define MODEL_LEVELS {LOOPS_OF(plain), LOOPS_OF(v3), LOOPS_OF(v4)}
#else
#define MODEL_LEVELS {LOOPS_OF(plain)}
#endif

const brain_model MODEL_STRUCT = {MODEL_NAME, model_x, model_p, model_c, model_u, {MODEL_COUNTS}, MODEL_SENDS, MODEL_HAS_RATE, MODEL_HAS_VALID,
                                  MODEL_FOLLOWS, MODEL_LEVELS};
