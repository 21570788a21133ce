/* The update in single and in double precision, for one instruction set. */
#define MC_REAL float
#define MC_LARGEST FLT_MAX
#define MC_INT int32_t
#define MC_KIND(name) MC_NAME(name##_single)
#define MC_EXP cosim_expf
#define MC_EXPM1 cosim_expm1f
#define MC_LOG cosim_logf
#define MC_SQRT sqrtf
#define MC_ABSOLUTE fabsf
#define MC_MINIMUM MC_KIND(minimum)
#define MC_MAXIMUM MC_KIND(maximum)
#define MC_SPARE 9 /* so that half a spacing is left beside 0 and 1 */
#define MC_SPACING 0x1p-23f
#include "update.h"
#undef MC_REAL
#undef MC_LARGEST
#undef MC_INT
#undef MC_KIND
#undef MC_EXP
#undef MC_EXPM1
#undef MC_LOG
#undef MC_SQRT
#undef MC_ABSOLUTE
#undef MC_MINIMUM
#undef MC_MAXIMUM
#undef MC_SPARE
#undef MC_SPACING

#define MC_REAL double
#define MC_LARGEST DBL_MAX
#define MC_INT int64_t
#define MC_KIND(name) MC_NAME(name##_double)
#define MC_EXP cosim_exp
#define MC_EXPM1 cosim_expm1
#define MC_LOG cosim_log
#define MC_SQRT sqrt
#define MC_ABSOLUTE fabs
#define MC_MINIMUM MC_KIND(minimum)
#define MC_MAXIMUM MC_KIND(maximum)
#define MC_SPARE 0
#define MC_SPACING 0x1p-32
#include "update.h"
#undef MC_REAL
#undef MC_LARGEST
#undef MC_INT
#undef MC_KIND
#undef MC_EXP
#undef MC_EXPM1
#undef MC_LOG
#undef MC_SQRT
#undef MC_ABSOLUTE
#undef MC_MINIMUM
#undef MC_MAXIMUM
#undef MC_SPARE
#undef MC_SPACING
