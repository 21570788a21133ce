/* Compile the loops of one model for each instruction set; included by the source that is made of each model. */
#define EACH(i) _Pragma("GCC ivdep") for (int64_t i = 0; i < m; i++)
#define LOOPS(name) static __attribute__((flatten)) void LEVELLED(name)

#define LEVEL plain
#include MODEL_LOOPS
#undef LEVEL

#if defined(COSIM_X86_LEVELS)
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define LEVEL v3
#include MODEL_LOOPS
#undef LEVEL
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#define LEVEL v4
#include MODEL_LOOPS
#undef LEVEL
#pragma GCC pop_options
#define MODEL_LEVELS {{slopes_plain, send_plain, heun_plain, judge_plain, follow_plain}, {slopes_v3, send_v3, heun_v3, judge_v3, follow_plain}, {slopes_v4, send_v4, heun_v4, judge_v4, follow_plain}}
#else
#define MODEL_LEVELS {{slopes_plain, send_plain, heun_plain, judge_plain, follow_plain}}
#endif

const brain_model MODEL_STRUCT = {MODEL_NAME, model_x, model_p, model_c, model_u, {MODEL_COUNTS}, MODEL_SENDS, MODEL_HAS_RATE, MODEL_HAS_VALID,
                                  MODEL_FOLLOWS, MODEL_LEVELS};
