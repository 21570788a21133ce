/* The list of local models. A model is one header here (its equations) and one Python file beside it (its names, units and parameters).
 *
 * Each header defines, for one region, with p, x, u, dx and the like strided by m (one column a region):
 *   NAME_slope(p, m, x, c, u, dx, rate)   derivatives, 1/ms; c is G times the summed coupling, u what stimuli and drives add
 *   NAME_source(p, m, x)                  what other regions receive
 *   NAME_follow(p, m, h, from, to, dt)    the received variable one step on, when its rate is given from outside, Hz
 */
#ifndef COSIM_WHOLEBRAIN_MODELS_H
#define COSIM_WHOLEBRAIN_MODELS_H

#include <stdint.h>

#include "elementary.h"

#include "linear.h"
#include "reduced_wong_wang.h"
#include "wilson_cowan.h"

/* X(name, state variables, inputs, 1 where it has a rate in Hz); the order is the number of the model in Python. */
#define BRAIN_MODELS(X) \
  X(linear, 1, 1, 0) \
  X(wilson_cowan, 2, 2, 0) \
  X(reduced_wong_wang, 2, 2, 1)

#endif
