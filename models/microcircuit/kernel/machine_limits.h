/* What this machine allows, measured bare: adding events to an accumulator, updating neurons, streaming memory.
 *
 * None of it is part of an engine. The loops are those that a kernel cannot do without, on arrays of the size that the network at hand
 * gives it, and nothing else: no random numbers, no lists, no other ranks.
 */
#ifndef MC_MACHINE_LIMITS_H
#define MC_MACHINE_LIMITS_H

#include <stdint.h>
#include <time.h>

#include "processor.h"

enum { MC_LIMIT_AHEAD = 4, MC_LIMIT_CHUNK = 64, MC_LIMIT_LEVELS = 4, MC_LIMIT_AT_ONCE = 4096 };

static inline double mc_limit_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline uint32_t mc_limit_random(uint64_t *s) {
  *s = *s * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*s >> 32);
}

/* Random synapses: 15 bits weight (signed, small), 17 bits target, as the engine packs them. */
static void mc_limit_fill(uint32_t *word, uint64_t words, uint32_t targets, uint64_t seed) {
  for (uint64_t i = 0; i < words; i++) {
    uint32_t r = mc_limit_random(&seed);
    word[i] = (r & 0xff) << 17 | (uint32_t)((uint64_t)mc_limit_random(&seed) * targets >> 32);
  }
}

/* Add runs of `run` synapses at random places to the sum of each target, each run fetched four ahead; returns events per second. */
static double mc_limit_scatter(int32_t *restrict sum, const uint32_t *word, uint64_t words, uint32_t run, double seconds, uint64_t seed) {
  uint64_t events = 0, places = words - run + 1;
  const uint32_t *due[MC_LIMIT_AT_ONCE];
  double begun = mc_limit_now(), now = begun, spent = 0;
  while (now - begun < seconds) {
    for (int q = 0; q < MC_LIMIT_AT_ONCE; q++) {
      uint64_t r = (uint64_t)mc_limit_random(&seed) << 32;
      due[q] = word + (uint64_t)(((unsigned __int128)(r | mc_limit_random(&seed)) * places) >> 64);
    }
    double from = mc_limit_now();
    for (int q = 0; q < MC_LIMIT_AT_ONCE; q++) {
      if (q + MC_LIMIT_AHEAD < MC_LIMIT_AT_ONCE) {
        const char *next = (const char *)due[q + MC_LIMIT_AHEAD];
        for (uint32_t b = 0; b < run * 4 + 63; b += 64) __builtin_prefetch(next + b, 0, 2);
      }
      const uint32_t *s = due[q];
      uint32_t j = 0;
      for (; j + 4 <= run; j += 4) {
        sum[s[j] & 0x1ffff] += (int32_t)s[j] >> 17;
        sum[s[j + 1] & 0x1ffff] += (int32_t)s[j + 1] >> 17;
        sum[s[j + 2] & 0x1ffff] += (int32_t)s[j + 2] >> 17;
        sum[s[j + 3] & 0x1ffff] += (int32_t)s[j + 3] >> 17;
      }
      for (; j < run; j++) sum[s[j] & 0x1ffff] += (int32_t)s[j] >> 17;
    }
    now = mc_limit_now();
    spent += now - from;
    events += (uint64_t)run * MC_LIMIT_AT_ONCE;
  }
  return (double)events / spent;
}

typedef struct { float m22, p21, p11, drive, threshold, reset, unit; int32_t refractory; } mc_limit_neuron;

/* One step of leaky integrate-and-fire for 64 neurons. */
#define MC_LIMIT_UPDATE(name, target)                                                                                                     \
  target static uint64_t mc_limit_update_##name(const mc_limit_neuron *k, uint64_t neurons, float *restrict v, float *restrict c,         \
                                                int32_t *restrict rest, int32_t *restrict input) {                                        \
    uint64_t fired = 0;                                                                                                                   \
    mc_limit_neuron q = *k;                                                                                                               \
    for (uint64_t first = 0; first < neurons; first += MC_LIMIT_CHUNK) {                                                                  \
      int32_t any = 0;                                                                                                                    \
      float *restrict x = v + first, *restrict y = c + first;                                                                             \
      int32_t *restrict r = rest + first, *restrict in = input + first;                                                                   \
      for (int n = 0; n < MC_LIMIT_CHUNK; n++) {                                                                                          \
        float u = x[n] + ((q.m22 * x[n] + q.p21 * y[n]) + q.drive);                                                                       \
        u = r[n] > 0 ? x[n] : u;                                                                                                          \
        y[n] = q.p11 * y[n] + q.unit * (float)in[n];                                                                                      \
        in[n] = 0;                                                                                                                        \
        int32_t out = u >= q.threshold;                                                                                                   \
        x[n] = out ? q.reset : u;                                                                                                         \
        r[n] = out ? q.refractory : r[n] - (r[n] > 0);                                                                                    \
        any |= out;                                                                                                                       \
      }                                                                                                                                   \
      fired += (uint64_t)(any != 0);                                                                                                      \
    }                                                                                                                                     \
    return fired;                                                                                                                         \
  }

MC_LIMIT_UPDATE(baseline, )
#if defined(COSIM_X86_LEVELS)
MC_LIMIT_UPDATE(v2, __attribute__((target("arch=x86-64-v2"))))
MC_LIMIT_UPDATE(v3, __attribute__((target("arch=x86-64-v3"))))
MC_LIMIT_UPDATE(v4, __attribute__((target("arch=x86-64-v4,prefer-vector-width=512"))))
#endif

/* Update all neurons again and again with the instruction set of this number; returns neuron-steps per second. */
static double mc_limit_update(int level, uint64_t neurons, float *v, float *c, int32_t *rest, int32_t *input, double seconds) {
  const mc_limit_neuron k = {-0.00995017f, 3.606717e-4f, 0.8187308f, 0.12f, 15.0f, 0.0f, 0.02f, 20};
  uint64_t (*update)(const mc_limit_neuron *, uint64_t, float *, float *, int32_t *, int32_t *) = mc_limit_update_baseline;
#if defined(COSIM_X86_LEVELS)
  if (level == 1) update = mc_limit_update_v2;
  if (level == 2) update = mc_limit_update_v3;
  if (level == 3) update = mc_limit_update_v4;
#else
  (void)level;
#endif
  uint64_t steps = 0;
  double begun = mc_limit_now(), now = begun;
  while (now - begun < seconds) {
    for (int i = 0; i < 64; i++) update(&k, neurons, v, c, rest, input);
    steps += 64 * neurons;
    now = mc_limit_now();
  }
  return (double)steps / (now - begun);
}

/* a = b + s c, again and again; returns bytes read and written per second (McCalpin's STREAM counts them so). */
static double mc_limit_triad(double *restrict a, const double *restrict b, const double *restrict c, uint64_t n, double seconds) {
  uint64_t bytes = 0;
  double begun = mc_limit_now(), now = begun;
  while (now - begun < seconds) {
    for (uint64_t i = 0; i < n; i++) a[i] = b[i] + 3.0 * c[i];
    __asm__ volatile("" : : "r"(a) : "memory");
    bytes += 24 * n;
    now = mc_limit_now();
  }
  return (double)bytes / (now - begun);
}

#endif
