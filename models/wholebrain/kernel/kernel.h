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
  if (b->instant.begin[b->targets]) {
    for (int64_t t = 0; t < b->targets; t++) {
      if (b->column[t] < p->base || b->column[t] >= p->base + received * m) continue;
      for (int64_t e = b->instant.begin[t]; e < b->instant.begin[t + 1]; e++)
        total[b->column[t] - p->base] += b->instant.weight[e] * (predicted ? b->ahead[b->instant.offset[e] / b->row] : now[b->instant.offset[e]]);
    }
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

/* y = x + h d + g(x) noise, inside the bounds; `noise` may be missing. */
static void LEVELLED(add)(const brain_patch *p, const double *restrict x, double h, const double *restrict d, const double *noise, double *restrict y) {
  int64_t rows = p->model->counts[0];
  for (int64_t k = 0; k < rows * p->m; k += BRAIN_WIDE) {
    int64_t v = k / BRAIN_WIDE % rows, by = p->by[v];
    double low = p->low[v], high = p->high[v];
    for (int64_t i = k; i < k + BRAIN_WIDE; i++) {
      double g = by == BRAIN_ADDED ? 1. : by == BRAIN_BY_STATE ? x[i] : sqrt(x[i] > 0. ? x[i] : 0.);
      y[i] = brain_clamp(x[i] + h * d[i] + (noise ? g * noise[i] : 0.), low, high);
    }
  }
}

/* The same for the second stage of Heun's scheme, whose noise is multiplied by the mean of both ends (Stratonovich). */
static void LEVELLED(add_both)(const brain_patch *p, double half, const double *restrict x, const double *restrict y, const double *restrict a,
                               const double *restrict d, const double *restrict noise, double *restrict z) {
  int64_t rows = p->model->counts[0];
  for (int64_t k = 0; k < rows * p->m; k += BRAIN_WIDE) {
    int64_t v = k / BRAIN_WIDE % rows, by = p->by[v];
    double low = p->low[v], high = p->high[v];
    for (int64_t i = k; i < k + BRAIN_WIDE; i++) {
      double g = by == BRAIN_ADDED ? 1. : by == BRAIN_BY_STATE ? .5 * (x[i] + y[i]) : .5 * (sqrt(x[i] > 0. ? x[i] : 0.) + sqrt(y[i] > 0. ? y[i] : 0.));
      z[i] = brain_clamp(x[i] + half * (a[i] + d[i]) + g * noise[i], low, high);
    }
  }
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
