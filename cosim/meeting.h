/* Meet and wake processes that share memory: spin briefly, then block in the kernel.
 *
 * A meeting is a barrier, a doorbell a counter that others raise. Both live in zeroed shared memory (all zeros is the valid initial
 * state), work between processes as between threads, and never burn a core for longer than the spin that the caller allows.
 */
#ifndef COSIM_MEETING_H
#define COSIM_MEETING_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
static inline void cosim_sleep_on(_Atomic uint32_t *word, uint32_t seen, double seconds) {
  struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
  syscall(SYS_futex, word, FUTEX_WAIT, seen, seconds < 0 ? 0 : &t, 0, 0);
}
static inline void cosim_wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, 0, 0, 0); }
#else
/* Where the system has no futex, the caller looks again every 50 microseconds. */
static inline void cosim_sleep_on(_Atomic uint32_t *word, uint32_t seen, double seconds) {
  (void)word; (void)seen; (void)seconds;
  struct timespec t = {0, 50000};
  nanosleep(&t, 0);
}
static inline void cosim_wake_all(_Atomic uint32_t *word) { (void)word; }
#endif

#if defined(__x86_64__) || defined(__i386__)
#define COSIM_PAUSE() __builtin_ia32_pause()
#else
#define COSIM_PAUSE() atomic_signal_fence(memory_order_seq_cst)
#endif

/* One cache line each, so that arriving does not disturb those who look at the round. */
typedef struct {
  _Atomic uint32_t arrived;
  uint32_t pad0[15];
  _Atomic uint32_t round;    /* the word that sleepers sleep on */
  _Atomic uint32_t sleepers;
  uint32_t pad1[14];
} cosim_meeting;

/* Return when `size` callers have come; everything they wrote before is visible after. */
static inline void cosim_meet(cosim_meeting *m, uint32_t size, uint32_t spin) {
  if (size < 2) return;
  uint32_t round = atomic_load_explicit(&m->round, memory_order_acquire);
  if (atomic_fetch_add(&m->arrived, 1) + 1 == size) {
    atomic_store_explicit(&m->arrived, 0, memory_order_relaxed);
    atomic_store(&m->round, round + 1);
    if (atomic_load(&m->sleepers)) cosim_wake_all(&m->round);
    return;
  }
  for (uint32_t i = 0; i < spin; i++) {
    if (atomic_load_explicit(&m->round, memory_order_acquire) != round) return;
    COSIM_PAUSE();
  }
  atomic_fetch_add(&m->sleepers, 1);
  while (atomic_load(&m->round) == round) cosim_sleep_on(&m->round, round, -1.);
  atomic_fetch_sub(&m->sleepers, 1);
}

typedef struct {
  _Atomic uint32_t rung;     /* the word that the owner sleeps on */
  _Atomic uint32_t asleep;
  uint32_t pad[14];
} cosim_doorbell;

static inline uint32_t cosim_rung(cosim_doorbell *d) { return atomic_load_explicit(&d->rung, memory_order_acquire); }

static inline void cosim_ring(cosim_doorbell *d) {
  atomic_fetch_add(&d->rung, 1);
  if (atomic_load(&d->asleep)) cosim_wake_all(&d->rung);
}

/* Return when the bell has been rung since it was `seen`, or after some seconds. */
static inline void cosim_listen(cosim_doorbell *d, uint32_t seen, uint32_t spin, double seconds) {
  for (uint32_t i = 0; i < spin; i++) {
    if (atomic_load_explicit(&d->rung, memory_order_acquire) != seen) return;
    COSIM_PAUSE();
  }
  atomic_fetch_add(&d->asleep, 1);
  if (atomic_load(&d->rung) == seen) cosim_sleep_on(&d->rung, seen, seconds);
  atomic_fetch_sub(&d->asleep, 1);
}

#endif
