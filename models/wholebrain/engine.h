/* A group's share of the brain network: what it holds, and which compilation of the kernel serves this processor.
 *
 * Time is counted in steps k. A region's row of the history holds what it sends, h(x(k)), at [k - origin]; the rows slide back when they
 * are full. The coupling of a target is summed in one order, decided by the whole network alone: its long links (delay >= block), its short
 * ones (1 <= delay < block), its instant ones (delay 0), each by ascending source, and its own self-connection last.
 */
#ifndef COSIM_WHOLEBRAIN_ENGINE_H
#define COSIM_WHOLEBRAIN_ENGINE_H

#include <stdint.h>
#include <string.h>

#include "elementary.h"
#include "philox.h"
#include "processor.h"

#include "models/models.h"

enum { BRAIN_EULER, BRAIN_HEUN, BRAIN_HEUN_HELD };
enum { BRAIN_VARIABLES = 8 };  /* the largest number of state variables of a model */

typedef struct {
  const int64_t *begin;    /* (targets + 1) first link of each target */
  const int64_t *offset;   /* source * row - delay: where the link reads the history, relative to [k - origin] */
  const double *weight;
} brain_links;

typedef struct {
  int64_t n, m;                   /* regions simulated on this rank, and that number rounded up to whole vectors */
  int64_t row, origin;            /* doubles in a row of the history; the step of its first column */
  int64_t block;                  /* steps in a block: no long link is shorter */
  int64_t model, scheme, level;
  uint64_t key;                   /* random stream of the noise */
  double dt, gain;                /* ms; G */
  const int64_t *region;          /* (n) row of each simulated region */
  const int64_t *given;           /* (n_given) rows that come from outside */
  int64_t n_given;
  brain_links along, brief, instant;
  const double *self_weight;      /* (m) */
  const int64_t *self_delay;      /* (m) */
  int64_t any_self, self_delayed; /* whether there are self-connections; whether one of them has a delay */
  const double *parameters;       /* (parameters, m) */
  const double *low, *high;       /* (variables) bounds of the state */
  const double *sigma;            /* (variables) noise of one step: sqrt(dt) sigma */
  int64_t noisy;
  double *history;                /* (regions, row) */
  double *ahead;                  /* (regions) h at the predicted end of the step */
  double *base;                   /* (block + 1, m) coupling without instant links and self-connection */
  double *x, *y, *dx, *dy;        /* (variables, m) state, predicted state, and their slopes */
  double *sent;                   /* (m) h of x */
  double *total;                  /* (m) G times the whole coupling */
  double *input;                  /* (inputs, m) what stimuli and drives add in this stage */
  double *drawn;                  /* (block, variables, m) noise of the block */
  const double *held;             /* (steps + 1, inputs, m) stimuli, for each step of the stretch and the one after it */
  const double *drive;            /* (steps + 1, m) drives, for each instant */
  const double *outside;          /* (steps + 1, m) coupling that comes from outside, for each instant */
  int64_t has_input, from_outside;
  double *states;                 /* (steps, variables, m) what was reached in each step of the stretch */
  double *rates;                  /* (steps + 1, m) Hz, at each instant of the stretch */
} brain;

#define BRAIN_PASTE(a, b) a##_##b
#define BRAIN_NAME(a, b) BRAIN_PASTE(a, b)
#define LEVELLED(name) BRAIN_NAME(name, LEVEL)

#define LEVEL plain
#define LANES 2
#include "kernel.h"
#undef LEVEL
#undef LANES

#if defined(COSIM_X86_LEVELS)
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define LEVEL v3
#define LANES 4
#include "kernel.h"
#undef LEVEL
#undef LANES
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#define LEVEL v4
#define LANES 8
#include "kernel.h"
#undef LEVEL
#undef LANES
#pragma GCC pop_options
#define BRAIN_CALL(b, name, ...) ((b)->level == 2 ? name##_v4(b, __VA_ARGS__) : (b)->level == 1 ? name##_v3(b, __VA_ARGS__) : name##_plain(b, __VA_ARGS__))
static inline int64_t brain_best_level(void) {
  return __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
}
#else
#define BRAIN_CALL(b, name, ...) name##_plain(b, __VA_ARGS__)
static inline int64_t brain_best_level(void) { return 0; }
#endif

/* Sum the coupling of the instants k + 1 .. k + steps as far as it is known at k, and draw the noise of these steps. */
static inline void brain_open(brain *b, int64_t k, int64_t steps) { BRAIN_CALL(b, brain_open, k, steps); }
/* Go through the first stage of step `s` of the block that starts at k; `at` is the place of the step in the stretch. */
static inline void brain_predict(brain *b, int64_t k, int64_t s, int64_t at) { BRAIN_CALL(b, brain_predict, k, s, at); }
/* Go through the second stage of the same step, and keep what was reached. */
static inline void brain_correct(brain *b, int64_t k, int64_t s, int64_t at) { BRAIN_CALL(b, brain_correct, k, s, at); }
/* Make the coupling of the last instant the first of the next block. */
static inline void brain_close(brain *b, int64_t steps) { memcpy(b->base, b->base + steps * b->m, (size_t)b->m * 8); }
/* Work out the rates at the instant k, which the stretch reached at `at`. */
static inline void brain_finish(brain *b, int64_t k, int64_t at) { BRAIN_CALL(b, brain_finish, k, at); }
/* Sum some rows of a history over the links of one target, for the instants k .. k + count - 1. */
static inline void brain_afferent(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count, double *out) {
  BRAIN_CALL(b, brain_afferent, history, links, target, k, count, out);
}
static inline void brain_block(brain *b, int64_t k, int64_t steps, int64_t at) {
  brain_open(b, k, steps);
  for (int64_t s = 0; s < steps; s++) brain_predict(b, k, s, at + s), brain_correct(b, k, s, at + s);
  brain_close(b, steps);
}
/* Go through a stretch of steps on one rank. */
static inline void brain_run(brain *b, int64_t k, int64_t steps) {
  for (int64_t at = 0; at < steps; at += b->block) brain_block(b, k + at, steps - at < b->block ? steps - at : b->block, at);
  brain_finish(b, k + steps, steps);
}
/* What a region sends in a state. */
static inline double brain_source(int64_t model, const double *p, int64_t m, const double *x) {
#define BRAIN_SOURCE(name, variables, inputs, rated) if (model-- == 0) return name##_source(p, m, x);
  BRAIN_MODELS(BRAIN_SOURCE)
#undef BRAIN_SOURCE
  return 0.;
}
/* What a region sends, one step on, when its rate is given from outside at both ends of the step. */
static inline double brain_follow(int64_t model, const double *p, int64_t m, double h, double from, double to, double dt) {
#define BRAIN_FOLLOW(name, variables, inputs, rated) if (model-- == 0) return name##_follow(p, m, h, from, to, dt);
  BRAIN_MODELS(BRAIN_FOLLOW)
#undef BRAIN_FOLLOW
  return h;
}

#endif
