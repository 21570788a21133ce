/* A patch: the regions of one rank that have one model. Regions lie in chunks of eight, and the rows of an array lie chunk by chunk: number
 * (row, region) of an array with R rows stands at BRAIN_AT(R, row, region), so that all a chunk needs is near. `m` is the number of regions
 * in whole chunks, of which the first `n` are regions and the others repeat the last of them. */
#ifndef COSIM_WHOLEBRAIN_PATCH_H
#define COSIM_WHOLEBRAIN_PATCH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "elementary.h"
#include "processor.h"

enum { BRAIN_WIDE = 8 };
#define BRAIN_AT(rows, row, region) (((region) / BRAIN_WIDE * (rows) + (row)) * BRAIN_WIDE + (region) % BRAIN_WIDE)

typedef struct brain_patch brain_patch;
typedef void brain_heun(const brain_patch *, double dt, int held, const double *from, double *to, const double *base, const double *next,
                        const double *u0, const double *u1, const double *drawn, double *sent, double *rate);

/* What one model gives for one instruction set; every function goes over all regions of a patch. */
typedef struct {
  void (*slopes)(const brain_patch *, const double *x, const double *c, const double *u, double *d, double *rate);
  void (*send)(const brain_patch *, const double *x, double *sent);
  brain_heun *heun[4]; /* one step: bare; 1 with noise; 2 with connections of regions with themselves; 3 with both */
  brain_heun *heun_full; /* with inputs and held sums too */
  void (*judge)(const brain_patch *, const double *x, double *valid);
  double (*follow)(const brain_patch *, int64_t region, double h, double from, double to, double dt, double low, double high);
} brain_loops;

typedef struct {
  const char *name;
  const char *const *x, *const *p, *const *c, *const *u; /* names of state, parameters, what is received, inputs, in the order of the arrays */
  int64_t counts[4];
  int64_t sends, has_rate, has_valid, follows;
  brain_loops level[3];
} brain_model;

struct brain_patch {
  const brain_model *model;
  int64_t n, m;
  int64_t base;             /* column of the network's sums where this patch begins: (received, m) of them */
  const int64_t *region;    /* (n) number of each region: the entity of its noise */
  const int64_t *row;       /* (sends, n) where the history takes what each region sends: row * row length; -1 where nobody listens */
  const double *parameters; /* (parameters, m) */
  const double *own;        /* (received, sends, m) weight of what a region sends to itself at once */
  const double *shift;      /* (received, m) what is added after the factor G */
  const double *low, *high; /* (variables) bounds of the state */
  const double *sigma;      /* (variables) noise of one step: sqrt(dt) sigma */
  const int64_t *by;        /* (variables) what the noise is multiplied by: nothing, the variable, its square root */
  double gain;
  int64_t noisy, multiplied, has_own;
  double *states;           /* (steps + 1, variables, m) at the start of the stretch and after each of its steps */
  double *sent, *ahead;     /* (sends, m) what the regions send in their state, and in the predicted one */
  double *slope;            /* (4, variables, m) slopes of the stages of a step */
  double *stage, *rest;     /* (variables, m) state of a stage; the known part of an implicit equation */
  double *total;            /* (received, m) what is received in a stage */
  double *input[2];         /* (inputs, m) what stimuli and drives add at the start and at the end of a step */
  double *drawn;            /* (block, variables, m) noise of the steps of a block */
  double *rates;            /* (steps + 1, m) Hz, at each instant of the stretch */
  const double *held;       /* (steps + 1, inputs, m) stimuli of each step of the stretch and of the one after it */
  const double *drive;      /* (steps + 1, m) drives at each instant of the stretch, added to the first input */
  double *work;             /* (variables, variables + 2, m) for Newton's method */
};

enum { BRAIN_ADDED, BRAIN_BY_STATE, BRAIN_BY_ROOT };

COSIM_INLINE double brain_clamp(double z, double low, double high) { return z < low ? low : z > high ? high : z; }

/* Whether every number of an array is finite. */
static inline int64_t brain_finite(const double *x, int64_t count) {
  double none = 0.;
  for (int64_t i = 0; i < count; i++) none += x[i] * 0.;
  return none == 0.;
}

/* Write one row of an array with so many rows, chunk by chunk as the kernel has it, for some steps into ascending columns of `out`. */
static inline void brain_give(const double *given, int64_t rows, int64_t n, int64_t m, int64_t steps, double *out, int64_t width,
                              const int64_t *columns) {
  int64_t whole = columns[n - 1] - columns[0] == n - 1 ? n / BRAIN_WIDE * BRAIN_WIDE : 0;
  for (int64_t s = 0; s < steps; s++, given += rows * m, out += width) {
    for (int64_t q = 0; q < whole; q += BRAIN_WIDE) memcpy(out + columns[0] + q, given + q * rows, BRAIN_WIDE * 8);
    for (int64_t i = whole; i < n; i++) out[columns[i]] = given[BRAIN_AT(rows, 0, i)];
  }
}

#define BRAIN_PASTE(a, b) a##_##b
#define BRAIN_NAME(a, b) BRAIN_PASTE(a, b)
#define LEVELLED(name) BRAIN_NAME(name, LEVEL)

#endif
