/* A group's share of the brain network: what it holds, and which compilation of the kernel serves this processor.
 *
 * Time is counted in steps k. A row of the history holds what one region sends of one kind, at [k - origin]; the rows slide back when they
 * are full. What a target (a region and one thing that it receives) sums is added up in one order, decided by the whole network alone: its
 * long links (delay >= block), its short ones (1 <= delay < block), its instant ones (delay 0), each by ascending source, and what the
 * region sends itself last.
 */
#ifndef COSIM_WHOLEBRAIN_ENGINE_H
#define COSIM_WHOLEBRAIN_ENGINE_H

#include "patch.h"
#include "philox.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "models.h"

enum { BRAIN_EULER, BRAIN_HEUN, BRAIN_HEUN_HELD, BRAIN_RK4, BRAIN_BACKWARD_EULER, BRAIN_TR_BDF2 };
enum { BRAIN_LINEAR, BRAIN_SIGMOIDAL };
enum { BRAIN_START, BRAIN_HALFWAY, BRAIN_END };

typedef struct {
  const int64_t *begin;    /* (targets + 1) first link of each target */
  const int64_t *offset;   /* source row * row - delay: where the link reads the history, relative to [k - origin] */
  const double *weight;
} brain_links;

typedef struct {
  int64_t patches, targets, width; /* number of patches; of targets; columns of the sums */
  brain_patch *patch;
  const int64_t *column;           /* (targets) column of each target in the sums */
  int64_t row, origin;             /* doubles in a row of the history; the step of its first column */
  int64_t block;                   /* steps in a block: no long link is shorter */
  int64_t scheme, level, coupling;
  uint64_t key;                    /* random stream of the noise */
  double dt, gain;                 /* ms; G */
  double curve[5];                 /* of sigmoidal coupling: low, high, middle, slope, width */
  brain_links along, brief;
  brain_links instant;             /* for each eight columns of the sums: source row, and the weights of all eight targets */
  int64_t at_once;                 /* whether there are any of these */
  const int64_t *briefly;          /* (n_briefly) targets that have short links */
  int64_t n_briefly;
  const double *self_weight;       /* (width) connections with itself that have a delay */
  const int64_t *self_at;          /* (width) source row * row - delay of these */
  int64_t self_delayed;
  const int64_t *given;            /* (n_given) rows that come from outside */
  int64_t n_given;
  double *history;                 /* (rows, row) */
  double *ahead;                   /* (rows) what is sent at the predicted end of the step */
  double *base;                    /* (block + 1, width) sums without instant links and connections with itself */
  const double *outside;           /* (steps + 1, width) sums that come from outside, for each instant */
  int64_t has_input, from_outside;
  int64_t together;                /* whether both stages of a step may go in one loop */
  int64_t failed;                  /* number of the region, from 1, whose implicit equation was not solved */
} brain;

/* Make the sums of the last instant the first of the next block. */
static inline void brain_close(brain *b, int64_t steps) { memcpy(b->base, b->base + steps * b->width, (size_t)b->width * 8); }

#define LEVEL plain
#define LANES 2
#if defined(__x86_64__)
#define MULTIPLY(a, b) (LEVELLED(longs))_mm_mul_epu32((__m128i)(a), (__m128i)(b))
#else
#define MULTIPLY(a, b) (((a) & 0xffffffffu) * ((b) & 0xffffffffu))
#endif
#include "kernel.h"
#undef LEVEL
#undef LANES
#undef MULTIPLY

#if defined(COSIM_X86_LEVELS)
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
#define LEVEL v3
#define LANES 4
#define MULTIPLY(a, b) (LEVELLED(longs))_mm256_mul_epu32((__m256i)(a), (__m256i)(b))
#include "kernel.h"
#undef LEVEL
#undef LANES
#undef MULTIPLY
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
#define LEVEL v4
#define LANES 8
#define MULTIPLY(a, b) (LEVELLED(longs))_mm512_mul_epu32((__m512i)(a), (__m512i)(b))
#include "kernel.h"
#undef LEVEL
#undef LANES
#undef MULTIPLY
#pragma GCC pop_options
#define BRAIN_CALL(b, name, ...) ((b)->level == 2 ? name##_v4(b, __VA_ARGS__) : (b)->level == 1 ? name##_v3(b, __VA_ARGS__) : name##_plain(b, __VA_ARGS__))
static inline int64_t brain_best_level(void) {
  return __builtin_cpu_supports("x86-64-v4") ? 2 : __builtin_cpu_supports("x86-64-v3") ? 1 : 0;
}
#else
#define BRAIN_CALL(b, name, ...) name##_plain(b, __VA_ARGS__)
static inline int64_t brain_best_level(void) { return 0; }
#endif

/* Sum what is received at the instants k + 1 .. k + steps as far as it is known at k, and draw the noise of these steps. */
static inline void brain_open(brain *b, int64_t k, int64_t steps) { BRAIN_CALL(b, brain_open, k, steps); }
/* Go through the first stage of step `s` of the block that starts at k; `at` is the place of the step in the stretch. */
static inline void brain_predict(brain *b, int64_t k, int64_t s, int64_t at) { BRAIN_CALL(b, brain_predict, k, s, at); }
/* Go through the second stage of the same step, and keep what was reached. */
static inline void brain_correct(brain *b, int64_t k, int64_t s, int64_t at) { BRAIN_CALL(b, brain_correct, k, s, at); }
/* Work out the rates at the instant k, which the stretch reached at `at`. */
static inline void brain_finish(brain *b, int64_t k, int64_t at) { BRAIN_CALL(b, brain_finish, k, at); }
/* Sum some rows of a history over the links of one target, for the instants k .. k + count - 1. */
static inline void brain_afferent(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count, double *out) {
  BRAIN_CALL(b, brain_afferent, history, links, target, k, count, out);
}
/* Sum what is received at instant 0, which no step comes before. */
static inline void brain_begin(brain *b) {
  brain_open(b, -1, 1);
  BRAIN_CALL(b, add_brief, -1, 0);
  brain_close(b, 1);
}
/* Go through one block. */
static inline void brain_block(brain *b, int64_t k, int64_t steps, int64_t at) { BRAIN_CALL(b, brain_block, k, steps, at); }
/* Go through a stretch of steps on one rank. */
static inline void brain_run(brain *b, int64_t k, int64_t steps) {
  for (int64_t at = 0; at < steps; at += b->block) brain_block(b, k + at, steps - at < b->block ? steps - at : b->block, at);
  brain_finish(b, k + steps, steps);
}

#endif
