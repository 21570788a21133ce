/* The stepping of the network, compiled once for each instruction set (see engine.h). No guard: it is included more than once. */
#include "noise.h"
#include "sums.h"

#define P_SIZE(p) ((size_t)((p)->model->counts[0] * (p)->m))

/* Put together what a patch receives in the step from k to k + 1 from sums: instant links, own connections, the coupling function, G and a
 * shift. `where` in the step the sums are for says what delayed own connections read; instant links read the predicted end, or k. */
static void LEVELLED(couple)(brain *b, const brain_patch *p, const double *base, int64_t k, int where, int predicted, const double *sent) {
  int64_t m = p->m, received = p->model->counts[2], sends = p->model->sends;
  double *restrict total = p->total, gain = p->gain;
  const double *now = b->history + (k - b->origin);
  memcpy(total, base + p->base, (size_t)(received * m) * 8);
  for (int64_t q = 0; q < received * m && b->at_once; q += BRAIN_WIDE) {
    const brain_links *l = &b->instant;
    LEVELLED(lanes) *t = (LEVELLED(lanes) *)(total + q), a[BRAIN_WIDE / LANES];
    memcpy(a, t, sizeof a);
    for (int64_t g = (p->base + q) / BRAIN_WIDE, e = l->begin[g]; e < l->begin[g + 1]; e++) {
      const LEVELLED(lanes) *w = (const LEVELLED(lanes) *)(l->weight + e * BRAIN_WIDE);
      double h = predicted ? b->ahead[l->offset[e]] : now[l->offset[e] * b->row];
      _Pragma("GCC unroll 4") for (int v = 0; v < BRAIN_WIDE / LANES; v++) a[v] += w[v] * (h - (LEVELLED(lanes)){0});
    }
    memcpy(t, a, sizeof a);
  }
  if (b->self_delayed)
    for (int64_t i = 0; i < received * m; i++)
      if (b->self_weight[p->base + i] != 0.) {
        const double *own = now + b->self_at[p->base + i];
        total[i] += b->self_weight[p->base + i] * (where == BRAIN_START ? own[0] : where == BRAIN_END ? own[1] : .5 * (own[0] + own[1]));
      }
  for (int64_t q = 0; q < m && p->has_own; q += BRAIN_WIDE)
    for (int64_t r = 0; r < received; r++)
      for (int64_t s = 0; s < sends; s++) {
        const double *restrict w = p->own + (q * received + r * BRAIN_WIDE) * sends + s * BRAIN_WIDE, *restrict h = sent + BRAIN_AT(sends, s, q);
        for (int i = 0; i < BRAIN_WIDE; i++) total[BRAIN_AT(received, r, q) + i] += w[i] * h[i];
      }
  if (b->coupling == BRAIN_SIGMOIDAL) {
    double low = b->curve[0], height = b->curve[1] - low, middle = b->curve[2], slope = b->curve[3], width = b->curve[4];
    _Pragma("GCC ivdep") for (int64_t i = 0; i < received * m; i++) total[i] = low + height / (1. + cosim_exp(-slope * ((total[i] - middle) / width)));
  }
  for (int64_t i = 0; i < received * m; i++) total[i] = gain * total[i] + p->shift[i];
}

/* Put what stimuli and drives add in step `at` of the stretch where the stages find it. */
static void LEVELLED(gather_input)(brain *b, brain_patch *p, int64_t at) {
  if (!b->has_input) return;
  int64_t m = p->m, inputs = p->model->counts[3];
  for (int64_t end = 0; end < 2; end++) {
    memcpy(p->input[end], p->held + at * inputs * m, (size_t)(inputs * m) * 8);
    for (int64_t i = 0; i < m && inputs; i++) p->input[end][BRAIN_AT(inputs, 0, i)] += p->drive[(at + end) * m + i];
  }
}

/* The noise of eight regions, times what it is multiplied by in the state x (Ito), or in both x and y (Stratonovich). */
static inline const double *LEVELLED(scaled)(int64_t by, const double *restrict x, const double *restrict y, const double *restrict noise,
                                             double *restrict out) {
  if (by == BRAIN_ADDED) return noise;
  for (int i = 0; i < BRAIN_WIDE; i++) {
    double a = by == BRAIN_BY_STATE ? x[i] : sqrt(x[i] > 0. ? x[i] : 0.), b = by == BRAIN_BY_STATE ? y[i] : sqrt(y[i] > 0. ? y[i] : 0.);
    out[i] = .5 * (a + b) * noise[i];
  }
  return out;
}

/* z = x + h d + noise, inside the bounds, where `noise` may be missing; in the noise of the second stage of Heun's scheme, whose slope is
 * d + e, the state counts at both ends, x and y. */
static inline __attribute__((always_inline)) void LEVELLED(move)(const brain_patch *p, const double *restrict x, const double *y, double h,
                                                                 const double *restrict d, const double *restrict e, const double *noise,
                                                                 double *restrict z) {
  static const double none[BRAIN_WIDE];
  int64_t rows = p->model->counts[0];
  double product[BRAIN_WIDE];
  for (int64_t k = 0; k < rows * p->m; k += BRAIN_WIDE) {
    int64_t v = k / BRAIN_WIDE % rows;
    double low = p->low[v], high = p->high[v];
    const double *restrict drawn = noise ? LEVELLED(scaled)(p->by[v], x + k, y + k, noise + k, product) : none;
    for (int i = 0; i < BRAIN_WIDE; i++) z[k + i] = brain_clamp(x[k + i] + h * (e ? d[k + i] + e[k + i] : d[k + i]) + drawn[i], low, high);
  }
}

static void LEVELLED(add)(const brain_patch *p, const double *x, double h, const double *d, const double *noise, double *y) {
  LEVELLED(move)(p, x, x, h, d, 0, noise, y);
}

static void LEVELLED(add_both)(const brain_patch *p, double half, const double *x, const double *y, const double *a, const double *d, const double *noise,
                               double *z) {
  LEVELLED(move)(p, x, y, half, a, d, noise, z);
}

#include "implicit.h"

static void LEVELLED(runge_kutta)(brain *b, brain_patch *p, int64_t k, int64_t s, const double *x, const double *noise, double *z, double *rate) {
  const brain_loops *f = p->model->level + b->level;
  int64_t size = (int64_t)P_SIZE(p);
  double *y = p->stage, *d = p->slope, *middle = p->rest, half = .5 * b->dt, unused[p->m];
  double between[b->width];
  for (int64_t i = 0; i < b->width; i++) between[i] = .5 * (b->base[s * b->width + i] + b->base[(s + 1) * b->width + i]);
  for (int64_t i = 0; i < p->model->counts[3] * p->m; i++) middle[i] = .5 * (p->input[0][i] + p->input[1][i]);
  LEVELLED(couple)(b, p, b->base + s * b->width, k + s, BRAIN_START, 0, p->sent);
  f->slopes(p, x, p->total, p->input[0], d, rate);
  for (int stage = 1; stage < 4; stage++) {
    LEVELLED(add)(p, x, stage == 3 ? b->dt : half, d + (stage - 1) * size, 0, y);
    f->send(p, y, p->ahead);
    LEVELLED(couple)(b, p, stage == 3 ? b->base + (s + 1) * b->width : between, k + s, stage == 3 ? BRAIN_END : BRAIN_HALFWAY, 0, p->ahead);
    f->slopes(p, y, p->total, stage == 3 ? p->input[1] : middle, d + stage * size, unused);
  }
  for (int64_t i = 0; i < size; i++) d[i] = (d[i] + d[3 * size + i]) + 2. * (d[size + i] + d[2 * size + i]);
  LEVELLED(add)(p, x, b->dt * (1. / 6.), d, noise, z);
}

static void LEVELLED(brain_predict)(brain *b, int64_t k, int64_t s, int64_t at) {
  if (b->from_outside) {
    memcpy(b->base + s * b->width, b->outside + at * b->width, (size_t)b->width * 8);
    memcpy(b->base + (s + 1) * b->width, b->outside + (at + 1) * b->width, (size_t)b->width * 8);
  } else {
    LEVELLED(add_brief)(b, k, s);
  }
  for (int64_t q = 0; q < b->patches; q++) {
    brain_patch *p = b->patch + q;
    const brain_loops *f = p->model->level + b->level;
    const double *x = p->states + at * P_SIZE(p), *noise = p->drawn + s * P_SIZE(p);
    double *z = p->states + (at + 1) * P_SIZE(p), *rate = p->rates + at * p->m;
    LEVELLED(gather_input)(b, p, at);
    if (b->together) {
      brain_heun *heun = b->has_input || b->scheme == BRAIN_HEUN_HELD ? f->heun_full : f->heun[2 * p->has_own + p->noisy];
      heun(p, b->dt, b->scheme == BRAIN_HEUN_HELD, x, z, b->base + s * b->width + p->base, b->base + (s + 1) * b->width + p->base, p->input[0],
              p->input[1], noise, p->sent, rate);
    } else if (b->scheme == BRAIN_RK4) {
      LEVELLED(runge_kutta)(b, p, k, s, x, noise, z, rate);
    } else if (b->scheme == BRAIN_BACKWARD_EULER || b->scheme == BRAIN_TR_BDF2) {
      LEVELLED(implicit)(b, p, k, s, x, noise, z, rate);
    } else {
      LEVELLED(couple)(b, p, b->base + s * b->width, k + s, BRAIN_START, 0, p->sent);
      f->slopes(p, x, p->total, p->input[0], p->slope, rate);
      LEVELLED(add)(p, x, b->dt, p->slope, noise, b->scheme == BRAIN_EULER ? z : p->stage);
      if (b->scheme != BRAIN_EULER) f->send(p, p->stage, p->ahead);
    }
  }
  if (b->scheme == BRAIN_HEUN && !b->together) {
    const double *now = b->history + (k + s + 1 - b->origin);
    for (int64_t q = 0; q < b->patches; q++) {
      const brain_patch *p = b->patch + q;
      for (int64_t c = 0; c < p->model->sends; c++)
        for (int64_t i = 0; i < p->n; i++)
          if (p->row[c * p->n + i] >= 0) b->ahead[p->row[c * p->n + i] / b->row] = p->ahead[BRAIN_AT(p->model->sends, c, i)];
    }
    for (int64_t g = 0; g < b->n_given; g++) b->ahead[b->given[g]] = now[b->given[g] * b->row];
  }
}

static void LEVELLED(brain_correct)(brain *b, int64_t k, int64_t s, int64_t at) {
  double *reached = b->history + (k + s + 1 - b->origin);
  for (int64_t q = 0; q < b->patches; q++) {
    brain_patch *p = b->patch + q;
    const brain_loops *f = p->model->level + b->level;
    const double *x = p->states + at * P_SIZE(p), *noise = p->drawn + s * P_SIZE(p);
    double *z = p->states + (at + 1) * P_SIZE(p), unused[p->m];
    if (!b->together) {
      if (b->scheme == BRAIN_HEUN || b->scheme == BRAIN_HEUN_HELD) {
        if (b->scheme == BRAIN_HEUN) LEVELLED(couple)(b, p, b->base + (s + 1) * b->width, k + s, BRAIN_END, 1, p->ahead);
        f->slopes(p, p->stage, p->total, p->input[b->scheme == BRAIN_HEUN], p->slope + P_SIZE(p), unused);
        LEVELLED(add_both)(p, .5 * b->dt, x, p->stage, p->slope, p->slope + P_SIZE(p), noise, z);
      }
      f->send(p, z, p->sent);
    }
  }
  for (int64_t q = 0; q < b->patches; q++) {
    const brain_patch *p = b->patch + q;
    for (int64_t c = 0; c < p->model->sends; c++) {
      const int64_t *restrict row = p->row + c * p->n;
      if (row[0] < 0) continue;
      int64_t whole = p->n / BRAIN_WIDE * BRAIN_WIDE;
      const double *restrict sent = p->sent + c * BRAIN_WIDE;
      for (int64_t q = 0; q < whole; q += BRAIN_WIDE, sent += p->model->sends * BRAIN_WIDE)
        for (int i = 0; i < BRAIN_WIDE; i++) reached[row[q + i]] = sent[i];
      for (int64_t i = whole; i < p->n; i++) reached[row[i]] = sent[i - whole];
    }
  }
}

static void LEVELLED(brain_block)(brain *b, int64_t k, int64_t steps, int64_t at) {
  LEVELLED(brain_open)(b, k, steps);
  for (int64_t s = 0; s < steps; s++) LEVELLED(brain_predict)(b, k, s, at + s), LEVELLED(brain_correct)(b, k, s, at + s);
  brain_close(b, steps);
}

static void LEVELLED(brain_finish)(brain *b, int64_t k, int64_t at) {
  if (b->from_outside) memcpy(b->base, b->outside + at * b->width, (size_t)b->width * 8);
  for (int64_t q = 0; q < b->patches; q++) {
    brain_patch *p = b->patch + q;
    if (!p->model->has_rate) continue;
    LEVELLED(couple)(b, p, b->base, k, BRAIN_START, 0, p->sent);
    LEVELLED(gather_input)(b, p, at);
    p->model->level[b->level].slopes(p, p->states + at * P_SIZE(p), p->total, p->input[0], p->slope, p->rates + at * p->m);
  }
}
#undef P_SIZE
