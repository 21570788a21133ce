/* A bare kernel of a brain network, as a mark: what a program reaches that does nothing but step it.
 *
 *   cc -O3 -march=native -ffp-contract=fast limit.c -o limit -lm && ./limit [ms] [regions] [density]
 *
 * Generic two-dimensional oscillators, Heun's scheme, double precision, steps of 0.1 ms, no noise; weights and delays are random, no delay is
 * shorter than a block. It is portable: vectors of 32 bytes in the compiler's own notation, which become whatever the processor has.
 * What a target receives in the 24 steps of a block is a weighted sum of runs of 24 values, all of them past when the block begins. Then
 * eight regions at a time go through the whole block, their state in registers. A plain program that looks up every value for itself checks
 * the numbers, and is a second mark.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef double wide __attribute__((vector_size(32), aligned(8), may_alias));
enum { BLOCK = 24, LANES = 4, PARTS = BLOCK / LANES, SIDE = 2, FAR = 375 };

static const double DT = 0.1;
static int regions, padded, links;
static int *first, *from, *ago;
static double *strength;

static uint64_t drawn = 20091;
static double draw(void) {
  drawn ^= drawn << 13, drawn ^= drawn >> 7, drawn ^= drawn << 17;
  return (double)(drawn >> 11) * 0x1p-53;
}

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double *zeros(size_t count) {
  double *found = aligned_alloc(64, (count * 8 + 63) / 64 * 64);
  if (!found) exit(1);
  return memset(found, 0, (count * 8 + 63) / 64 * 64);
}

#define FAST(v, w, c) (0.02 * ((w) - (v) * (v) * (v) + 3. * (v) * (v) + (c)))
#define SLOW(v, w) (-0.02 * (2. + 10. * (v) + (w)))
/* One step: v, w become what they are at its end; c, e is what is received at its start and end. */
#define HEUN(type, v, w, c, e)                                            \
  do {                                                                    \
    type a_ = FAST(v, w, c), b_ = SLOW(v, w);                             \
    type y_ = (v) + DT * a_, z_ = (w) + DT * b_;                          \
    (v) += .5 * DT * (a_ + FAST(y_, z_, e)), (w) += .5 * DT * (b_ + SLOW(y_, z_)); \
  } while (0)

static void receive(const double *past, int row, int at, double *sums) {
  for (int i = 0; i < regions; i++) {
    wide total[PARTS] = {{0}};
    for (int k = first[i]; k < first[i + 1]; k++) {
      const double *run = past + (size_t)from[k] * (size_t)row + (at + 1 - ago[k]);
      double g = strength[k];
#pragma GCC unroll 6
      for (int q = 0; q < PARTS; q++) total[q] += g * *(const wide *)(run + q * LANES);
    }
    for (int b = 0; b < BLOCK; b++) sums[(size_t)(b + 1) * (size_t)padded + (size_t)i] = total[b / LANES][b % LANES];
  }
}

static double in_blocks(int steps, double *v, double *w, double *cpu) {
  int room = 64 * BLOCK, row = (FAR + room) / 64 * 64 + 24, at = FAR; /* no multiple of 64, or rows share the sets of the cache */
  double *past = zeros((size_t)regions * (size_t)row + 64), *sums = zeros((size_t)(BLOCK + 1) * (size_t)padded);
  for (int i = 0; i < regions; i++) for (int k = 0; k <= at; k++) past[(size_t)i * (size_t)row + (size_t)k] = v[i];
  for (int i = 0; i < regions; i++) for (int k = first[i]; k < first[i + 1]; k++) sums[i] += strength[k] * v[from[k]];
  double begun = seconds(CLOCK_MONOTONIC), busy = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (int t = 0; t < steps; t += BLOCK) {
    if (at + BLOCK >= row) {
      for (int i = 0; i < regions; i++) memmove(past + (size_t)i * (size_t)row, past + (size_t)i * (size_t)row + (at - FAR), (FAR + 1) * 8);
      at = FAR;
    }
    receive(past, row, at, sums);
    for (int i = 0; i < padded; i += SIDE * LANES) {
      wide x[SIDE], y[SIDE], reached[LANES][SIDE];
      for (int s = 0; s < SIDE; s++) x[s] = *(wide *)(v + i + s * LANES), y[s] = *(wide *)(w + i + s * LANES);
      for (int b = 0; b < BLOCK; b += LANES) {
#pragma GCC unroll 4
        for (int l = 0; l < LANES; l++) {
          const double *c = sums + (size_t)(b + l) * (size_t)padded + (size_t)i;
#pragma GCC unroll 2
          for (int s = 0; s < SIDE; s++) {
            HEUN(wide, x[s], y[s], *(const wide *)(c + s * LANES), *(const wide *)(c + padded + s * LANES));
            reached[l][s] = x[s];
          }
        }
        for (int r = 0; r < SIDE * LANES && i + r < regions; r++)
          for (int l = 0; l < LANES; l++) past[(size_t)(i + r) * (size_t)row + (size_t)(at + 1 + b + l)] = reached[l][r / LANES][r % LANES];
      }
      for (int s = 0; s < SIDE; s++) *(wide *)(v + i + s * LANES) = x[s], *(wide *)(w + i + s * LANES) = y[s];
    }
    memcpy(sums, sums + (size_t)BLOCK * (size_t)padded, (size_t)padded * 8);
    at += BLOCK;
  }
  double took = seconds(CLOCK_MONOTONIC) - begun;
  *cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - busy;
  free(past), free(sums);
  return took;
}

static double one_by_one(int steps, double *v, double *w) {
  enum { RING = 512 };
  double *past = zeros((size_t)RING * (size_t)regions), *sums = zeros(2 * (size_t)regions);
  for (int k = 0; k < RING; k++) memcpy(past + (size_t)k * (size_t)regions, v, (size_t)regions * 8);
  double begun = seconds(CLOCK_MONOTONIC);
  for (int t = 0; t < steps; t++) {
    for (int end = 0; end < 2; end++)
      for (int i = 0; i < regions; i++) {
        double sum = 0;
        for (int k = first[i]; k < first[i + 1]; k++)
          sum += strength[k] * past[(size_t)((t + end - ago[k]) & (RING - 1)) * (size_t)regions + (size_t)from[k]];
        sums[end * regions + i] = sum;
      }
    double *here = past + (size_t)((t + 1) & (RING - 1)) * (size_t)regions;
    for (int i = 0; i < regions; i++) {
      HEUN(double, v[i], w[i], sums[i], sums[regions + i]);
      here[i] = v[i];
    }
  }
  double took = seconds(CLOCK_MONOTONIC) - begun;
  free(past), free(sums);
  return took;
}

int main(int argc, char **argv) {
  double density = argc > 3 ? atof(argv[3]) : 0.27;
  int steps = (int)((argc > 1 ? atof(argv[1]) : 2000.) / DT) / BLOCK * BLOCK;
  regions = argc > 2 ? atoi(argv[2]) : 76;
  if (regions < 2 || steps < BLOCK || !(density >= 0. && density <= 1.)) {
    fprintf(stderr, "usage: limit [ms] [regions] [density]\n");
    return 2;
  }
  padded = (regions + SIDE * LANES - 1) / (SIDE * LANES) * (SIDE * LANES);
  size_t most = (size_t)regions * (size_t)regions;
  first = malloc(((size_t)regions + 1) * sizeof(int)), from = malloc(most * sizeof(int)), ago = malloc(most * sizeof(int));
  strength = zeros(most);
  for (int i = 0; i < regions; i++) {
    first[i] = links;
    for (int j = 0; j < regions; j++)
      if (i != j && draw() < density) {
        from[links] = j, ago[links] = BLOCK + (int)(draw() * (FAR - BLOCK)), strength[links] = draw() / (density * regions);
        links++;
      }
  }
  first[regions] = links;
  double *v = zeros((size_t)padded), *w = zeros((size_t)padded), *v2 = zeros((size_t)padded), *w2 = zeros((size_t)padded), worst = 0, cpu;
  for (int i = 0; i < padded; i++) v[i] = v2[i] = draw(), w[i] = w2[i] = -3.;
  int few = steps < 480 ? steps : 480;
  in_blocks(few, v, w, &cpu), one_by_one(few, v2, w2); /* warms up, and checks */
  for (int i = 0; i < regions; i++) worst = fmax(worst, fabs(v[i] - v2[i]));
  double blocked = in_blocks(steps, v, w, &cpu), looked_up = one_by_one(few, v2, w2);
  printf("{\"regions\": %d, \"links\": %d, \"blocked_ns_per_node_step\": %.3f, \"blocked_cpu_ns_per_node_step\": %.3f, "
         "\"gather_ns_per_node_step\": %.3f, \"largest_difference\": %.2g}\n",
         regions, links, blocked / steps / regions * 1e9, cpu / steps / regions * 1e9, looked_up / few / regions * 1e9, worst);
  return worst < 1e-9 ? 0 : 1;
}
