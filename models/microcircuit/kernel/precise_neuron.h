/* One iaf_psc_exp neuron between events: where it is at any instant, and when it first reaches the threshold.
 *
 * The state is that of the last event (the anchor); what it is later follows from it in closed form, however many steps lie between, so
 * the step has no part in the error. Time runs in steps; an instant is a stamp and an offset in [0, 1): the stamp is the end of the step
 * in which it lies, the offset how much before the stamp it is.
 *
 * Sources: Rotter & Diesmann 1999, Biol Cybern 81:381 (propagators); Hanuschkin et al. 2010, Front Neuroinform 4:113 (events off the
 * grid); Krishnan et al. 2018, Front Neuroinform 11:75 (why no crossing may be missed). The test for a crossing is our own, below.
 */
#ifndef MC_PRECISE_NEURON_H
#define MC_PRECISE_NEURON_H

#include <math.h>
#include <stdint.h>

#include "elementary.h"
#include "poisson.h"

enum { PS_EXCITATORY, PS_INHIBITORY, PS_CHANNELS };

/* Constants of one population; potentials are relative to E_L, rates per step. */
typedef struct {
  double leak, jump, resistance;      /* 1 / tau_m; slope that 1 pA causes, mV/pA; tau_m / C_m, mV/pA */
  double threshold, reset;            /* mV */
  double decay[PS_CHANNELS];          /* 1 / tau_syn */
  double gap[PS_CHANNELS];            /* |1 / tau_syn - 1 / tau_m| */
  double rest_whole, rest_part;       /* refractory time: whole steps, at least one, and what is left, below one step */
  double unit;                        /* weight of one unit of a synapse, pA */
  double background, background_to;   /* what one background spike adds to a current, pA, and to which */
  double counts_per_hz;               /* expected background spikes in one step, for each Hz */
  double drive;                       /* potential that the direct current leads to, mV */
  cosim_poisson poisson;
} ps_population;

typedef struct { int64_t stamp; double offset; } ps_instant;

typedef struct {
  double v, current[PS_CHANNELS];     /* at the anchor: mV above E_L, pA */
  ps_instant anchor, until;           /* `until`: when the refractory time ends */
  int64_t resting;
} ps_neuron;

static inline double ps_elapsed(const ps_neuron *n, int64_t stamp, double offset) {
  return (double)(stamp - n->anchor.stamp) + (n->anchor.offset - offset);
}

/* Potential, slope and bend so long after the anchor, of a neuron that does not rest. */
typedef struct { double v, slope, bend; } ps_look;

static inline ps_look ps_at(const ps_population *p, const ps_neuron *n, double after) {
  double fade = cosim_exp(-p->leak * after), pull = 0, drop = 0;
  ps_look at = {n->v + cosim_expm1(-p->leak * after) * (n->v - p->drive), 0, 0};
  for (int c = 0; c < PS_CHANNELS; c++) {
    if (n->current[c] == 0) continue;
    double left = cosim_exp(-p->decay[c] * after), slow = p->decay[c] < p->leak ? left : fade;
    double spread = p->gap[c] > 0 ? -cosim_expm1(-p->gap[c] * after) / p->gap[c] : after;
    at.v += n->current[c] * (p->jump * slow * spread);
    pull += p->jump * n->current[c] * left;
    drop += p->decay[c] * p->jump * n->current[c] * left;
  }
  at.slope = p->leak * (p->drive - at.v) + pull;
  at.bend = -p->leak * at.slope - drop;
  return at;
}

/* What the potential cannot exceed so long after the anchor: 1 - exp(-x) is below x and 1, and inhibition lifts nothing. */
static inline double ps_bound(const ps_population *p, const ps_neuron *n, double after) {
  double most = n->v, near = p->leak * after;
  if (p->drive > n->v) most += (p->drive - n->v) * (near < 1 ? near : 1);
  for (int c = 0; c < PS_CHANNELS; c++)
    if (n->current[c] > 0) most += p->jump * n->current[c] * (p->decay[c] * after < 1 ? after : 1 / p->decay[c]);
  return most;
}

/* When the potential passes the threshold upwards in (0, high], where it is below at 0 and not at `high`, and passes but once. */
static inline double ps_passing(const ps_population *p, const ps_neuron *n, double high, double v_high) {
  double low = 0, x = high * ((p->threshold - n->v) / (v_high - n->v));
  for (int i = 0; i < 128; i++) {
    ps_look at = ps_at(p, n, x);
    double over = at.v - p->threshold;
    if (over == 0) return x;
    if (over > 0) high = x; else low = x;
    double next = at.slope > 0 ? x - over / at.slope : low;
    if (!(next > low && next < high)) next = low + .5 * (high - low);
    if (fabs(next - x) <= 0x1p-53 * x || next == low || next == high) return next;
    x = next;
  }
  return x;
}

/* Where the slope changes from above to below 0 in [low, high]. The potential is flat there, so half of the digits suffice. */
static inline double ps_summit(const ps_population *p, const ps_neuron *n, double low, double high) {
  double x = low + .5 * (high - low);
  for (int i = 0; i < 128; i++) {
    ps_look at = ps_at(p, n, x);
    if (at.slope > 0) low = x; else high = x;
    double next = x - at.slope / at.bend;
    if (!(next > low && next < high)) next = low + .5 * (high - low);
    if (fabs(next - x) <= 0x1p-36 * (high < 1 ? high : 1)) return next;
    x = next;
  }
  return x;
}

/* When the slope can turn twice: exp(t / tau_m) times the slope has an extremum where the two currents over their time constants cancel,
 * and nowhere else. Returns a time in (0, after), or -1. */
static inline double ps_turn(const ps_population *p, const ps_neuron *n, double after) {
  double a = p->decay[0] * n->current[0], b = -p->decay[1] * n->current[1], ratio = b / a, d = p->decay[1] - p->decay[0];
  if (!(ratio > 0x1p-1000 && ratio < 0x1p1000) || d == 0) return -1;
  double turn = cosim_log(ratio) / d;
  return turn > 0 && turn < after ? turn : -1;
}

/* The first time in [0, after], from the anchor, at which the potential is at the threshold or above; -1 where it stays below, -2 where
 * it is no finite number.
 *
 * exp(t / tau_m) dV/dt is a constant plus two exponentials, and its own derivative has at most one zero, `turn`. So before and after
 * `turn` the slope changes its sign at most once, and the signs at 0, `turn` and the end tell where a summit lies: no crossing is missed,
 * also none after which the potential is below the threshold again at the end. */
static inline double ps_crossing(const ps_population *p, const ps_neuron *n, double after) {
  if (n->v >= p->threshold) return 0;
  if (!(after > 0) || ps_bound(p, n, after) < p->threshold) return -1;
  ps_look begin = ps_at(p, n, 0), end = ps_at(p, n, after);
  if (!(fabs(end.v) <= 0x1p1000)) return -2;
  double turn = ps_turn(p, n, after), low = -1, high = after;
  double middle = turn < 0 ? 0 : ps_at(p, n, turn).slope;
  if (begin.slope > 0 && turn > 0 && middle <= 0) low = 0, high = turn;         /* up, down, and perhaps up again */
  else if (end.v >= p->threshold) return ps_passing(p, n, after, end.v);
  else if (begin.slope > 0 && end.slope < 0) low = 0;                           /* up and down */
  else if (begin.slope <= 0 && turn > 0 && middle > 0 && end.slope < 0) low = turn; /* down, up and down */
  if (low >= 0) {
    double summit = ps_summit(p, n, low, high), v = ps_at(p, n, summit).v;
    if (v >= p->threshold) return ps_passing(p, n, summit, v);
  }
  return end.v >= p->threshold ? ps_passing(p, n, after, end.v) : -1;
}

/* Make an instant the anchor. */
static inline void ps_anchor(const ps_population *p, ps_neuron *n, int64_t stamp, double offset) {
  double after = ps_elapsed(n, stamp, offset);
  if (after > 0) {
    if (!n->resting) n->v = ps_at(p, n, after).v;
    for (int c = 0; c < PS_CHANNELS; c++) n->current[c] *= cosim_exp(-p->decay[c] * after);
  }
  n->anchor = (ps_instant){stamp, offset};
}

/* Let a neuron that fires at an instant rest from there on. */
static inline void ps_fire(const ps_population *p, ps_neuron *n, int64_t stamp, double offset) {
  ps_anchor(p, n, stamp, offset);
  n->v = p->reset;
  n->resting = 1;
  n->until = (ps_instant){stamp + (int64_t)p->rest_whole, offset - p->rest_part};
  if (n->until.offset < 0) n->until.offset += 1, n->until.stamp++;
  if (n->until.offset >= 1) n->until.offset = 0, n->until.stamp--;
}

/* Lead a neuron to an instant of the step that ends at `stamp`. Returns the offset of the spike that it fires on the way (at most one: it
 * rests for a step at least), -1 for none, -2 where its potential is no finite number. */
static inline double ps_lead(const ps_population *p, ps_neuron *n, int64_t stamp, double offset) {
  const double earliest = 1 - 0x1p-53;
  if (n->resting) {
    if (n->until.stamp > stamp || (n->until.stamp == stamp && n->until.offset < offset)) return -1;
    ps_anchor(p, n, n->until.stamp, n->until.offset);
    n->resting = 0;
  }
  double crossing = ps_crossing(p, n, ps_elapsed(n, stamp, offset));
  if (crossing < 0) return crossing;
  double fired = ps_elapsed(n, stamp, 0) - crossing;
  fired = fired > earliest ? earliest : fired < offset ? offset : fired;
  ps_fire(p, n, stamp, fired);
  return fired;
}

#endif
