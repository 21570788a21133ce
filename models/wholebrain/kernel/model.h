/* Compile the equations and loops of one model for each instruction set; included by the source that is made of each model. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define EACH(i) _Pragma("GCC unroll 4") for (int i = 0; i < BRAIN_WIDE; i += LANES)
#define LOOPS(name) static __attribute__((flatten)) void LEVELLED(name)

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
#define MODEL_LEVELS {{slopes_plain, send_plain, heun_bare_plain, heun_noisy_plain, heun_full_plain, judge_plain, follow_plain}, \
                      {slopes_v3, send_v3, heun_bare_v3, heun_noisy_v3, heun_full_v3, judge_v3, follow_v3}, \
                      {slopes_v4, send_v4, heun_bare_v4, heun_noisy_v4, heun_full_v4, judge_v4, follow_v4}}
#else
#define MODEL_LEVELS {{slopes_plain, send_plain, heun_bare_plain, heun_noisy_plain, heun_full_plain, judge_plain, follow_plain}}
#endif

const brain_model MODEL_STRUCT = {MODEL_NAME, model_x, model_p, model_c, model_u, {MODEL_COUNTS}, MODEL_SENDS, MODEL_HAS_RATE, MODEL_HAS_VALID,
                                  MODEL_FOLLOWS, MODEL_LEVELS};
