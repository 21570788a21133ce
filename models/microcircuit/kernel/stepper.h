/* The kernel of one step function. The generated file that includes this defines MC_STEP (the file of the translated function),
 * MC_KERNEL (the name of the kernel), MC_KERNEL_NAME (that name in quotes), MC_IS_RANDOM, mc_states, mc_constants and mc_inputs, the
 * lists of names, and MC_COUNTS, how many each holds. */
#define MC_PER_LEVEL "both.h"
#include "levels.h"

const mc_kernel MC_KERNEL = {MC_KERNEL_NAME, mc_states, mc_constants, mc_inputs, MC_COUNTS, MC_IS_RANDOM, {
    {mc_update_single_baseline, mc_update_double_baseline},
#if defined(COSIM_X86_LEVELS)
    {mc_update_single_v2, mc_update_double_v2},
    {mc_update_single_v3, mc_update_double_v3},
    {mc_update_single_v4, mc_update_double_v4},
#endif
}};
