/* The stepping of the network, compiled once for each instruction set (see engine.h). No guard: it is included more than once.
 *
 * Vectors only ever hold different instants or different regions, never parts of one sum, so every level gives the same bits. */

typedef double LEVELLED(lanes) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));

/* Sum `vectors` whole vectors of instants over links, adding link after link. */
static inline __attribute__((always_inline)) void LEVELLED(sum)(const double *from, const brain_links *l, int64_t target, int vectors, double *out) {
  LEVELLED(lanes) a[4] = {{0}};
  for (int64_t e = l->begin[target]; e < l->begin[target + 1]; e++) {
    const LEVELLED(lanes) *h = (const LEVELLED(lanes) *)(from + l->offset[e]);
    LEVELLED(lanes) w = l->weight[e] - (LEVELLED(lanes)){0};
    for (int v = 0; v < vectors; v++) a[v] += w * h[v];
  }
  for (int v = 0; v < vectors; v++) memcpy(out + v * LANES, &a[v], sizeof a[v]);
}

/* Sum up to 4 * LANES instants; the last vector may hold more than was asked for. */
static void LEVELLED(sums)(const double *from, const brain_links *l, int64_t target, int64_t count, double *out) {
  if (count > 3 * LANES) LEVELLED(sum)(from, l, target, 4, out);
  else if (count > 2 * LANES) LEVELLED(sum)(from, l, target, 3, out);
  else if (count > LANES) LEVELLED(sum)(from, l, target, 2, out);
  else LEVELLED(sum)(from, l, target, 1, out);
}

static void LEVELLED(brain_afferent)(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count, double *out) {
  for (int64_t s = 0; s < count; s += 4 * LANES) {
    double some[4 * LANES];
    int64_t here = count - s < 4 * LANES ? count - s : 4 * LANES;
    LEVELLED(sums)(history + (k + s - b->origin), links, target, here, some);
    memcpy(out + s, some, (size_t)here * 8);
  }
}

static void LEVELLED(brain_open)(brain *b, int64_t k, int64_t steps) {
  int64_t m = b->m;
  if (b->from_outside) {
    /* the component has put the coupling of every instant there: see brain_predict */
  } else {
    for (int64_t i = 0; i < b->n; i++)
      for (int64_t s = 0; s < steps; s += 4 * LANES) {
        double some[4 * LANES];
        int64_t here = steps - s < 4 * LANES ? steps - s : 4 * LANES;
        LEVELLED(sums)(b->history + (k + 1 + s - b->origin), &b->along, i, here, some);
        for (int64_t v = 0; v < here; v++) b->base[(1 + s + v) * m + i] = some[v];
      }
  }
  if (!b->noisy) return;
#define BRAIN_DRAW(name, variables, inputs, rated) if (model-- == 0) { \
    for (int64_t s = 0; s < steps; s++) for (int v = 0; v < variables; v += 2) for (int64_t i = 0; i < b->n; i++) { \
      philox_block r = philox4x32(b->key, (uint32_t)b->region[i], (uint32_t)(v / 2), (uint64_t)(k + s)); \
      b->drawn[(s * variables + v) * m + i] = b->sigma[v] * cosim_normal(philox_bits(r, 0)); \
      if (v + 1 < variables) b->drawn[(s * variables + v + 1) * m + i] = b->sigma[v + 1] * cosim_normal(philox_bits(r, 1)); \
    } }
  int64_t model = b->model;
  BRAIN_MODELS(BRAIN_DRAW)
#undef BRAIN_DRAW
}

/* Put together G times the coupling at the instant k: at the start of a step, or at its predicted end. */
static void LEVELLED(whole)(brain *b, const double *base, int64_t k, int predicted, const double *sent) {
  int64_t n = b->n, m = b->m;
  double *restrict total = b->total, gain = b->gain;
  const double *now = b->history + (k - b->origin);
  memcpy(total, base, (size_t)m * 8);
  if (b->instant.begin[n])
    for (int64_t i = 0; i < n; i++)
      for (int64_t e = b->instant.begin[i]; e < b->instant.begin[i + 1]; e++)
        total[i] += b->instant.weight[e] * (predicted ? b->ahead[b->instant.offset[e] / b->row] : now[b->instant.offset[e]]);
  if (b->any_self) {
    const double *restrict w = b->self_weight;
    if (b->self_delayed) {
      for (int64_t i = 0; i < n; i++) total[i] += w[i] * (b->self_delay[i] ? now[b->region[i] * b->row - b->self_delay[i]] : sent[i]);
    } else {
      for (int64_t i = 0; i < m; i++) total[i] += w[i] * sent[i];
    }
  }
  for (int64_t i = 0; i < m; i++) total[i] *= gain;
}

static void LEVELLED(gather_input)(brain *b, int64_t inputs, int64_t at, int64_t instant) {
  int64_t m = b->m;
  if (!b->has_input) return;
  memcpy(b->input, b->held + at * inputs * m, (size_t)(inputs * m) * 8);
  for (int64_t i = 0; i < m; i++) b->input[i] += b->drive[instant * m + i];
}

#define BRAIN_MODEL(name, variables, inputs, rated) \
__attribute__((flatten)) static void LEVELLED(name##_slopes)(brain *b, const double *restrict x, double *restrict dx, double *restrict rate) { \
  const double *restrict p = b->parameters, *restrict c = b->total, *restrict u = b->input; \
  int64_t m = b->m; \
  _Pragma("GCC ivdep") for (int64_t i = 0; i < m; i++) name##_slope(p + i, m, x + i, c[i], u + i, dx + i, rate + i); \
} \
static void LEVELLED(name##_predict)(brain *b, int64_t k, int64_t s, int64_t at) { \
  int64_t m = b->m, heun = b->scheme != BRAIN_EULER; \
  double dt = b->dt; \
  LEVELLED(gather_input)(b, inputs, at, at); \
  LEVELLED(name##_slopes)(b, b->x, b->dx, b->rates + at * m); \
  for (int v = 0; v < variables; v++) { \
    const double *restrict x = b->x + v * m, *restrict dx = b->dx + v * m, *restrict d = b->drawn + (s * variables + v) * m; \
    double *restrict y = b->y + v * m, low = b->low[v], high = b->high[v]; \
    for (int64_t i = 0; i < m; i++) { double z = x[i] + dt * dx[i] + d[i]; y[i] = z < low ? low : z > high ? high : z; } \
  } \
  if (heun) for (int64_t i = 0; i < m; i++) b->sent[i] = name##_source(b->parameters + i, m, b->y + i); \
} \
static void LEVELLED(name##_correct)(brain *b, int64_t k, int64_t s, int64_t at) { \
  int64_t m = b->m; \
  double half = b->dt * .5; \
  if (b->scheme == BRAIN_EULER) memcpy(b->x, b->y, (size_t)(variables * m) * 8); \
  else { \
    double unused[m]; \
    if (b->scheme == BRAIN_HEUN) LEVELLED(gather_input)(b, inputs, at, at + 1); \
    LEVELLED(name##_slopes)(b, b->y, b->dy, unused); \
    for (int v = 0; v < variables; v++) { \
      const double *restrict dx = b->dx + v * m, *restrict dy = b->dy + v * m, *restrict d = b->drawn + (s * variables + v) * m; \
      double *restrict x = b->x + v * m, low = b->low[v], high = b->high[v]; \
      for (int64_t i = 0; i < m; i++) { double z = x[i] + half * (dx[i] + dy[i]) + d[i]; x[i] = z < low ? low : z > high ? high : z; } \
    } \
  } \
  memcpy(b->states + at * variables * m, b->x, (size_t)(variables * m) * 8); \
  for (int64_t i = 0; i < m; i++) b->sent[i] = name##_source(b->parameters + i, m, b->x + i); \
}
BRAIN_MODELS(BRAIN_MODEL)
#undef BRAIN_MODEL

static void LEVELLED(brain_predict)(brain *b, int64_t k, int64_t s, int64_t at) {
  int64_t m = b->m, n = b->n;
  double *restrict next = b->base + (s + 1) * m;
  const double *now = b->history + (k + s + 1 - b->origin);
  if (b->from_outside) {
    memcpy(b->base + s * m, b->outside + at * m, (size_t)m * 8);
    memcpy(next, b->outside + (at + 1) * m, (size_t)m * 8);
  } else if (b->brief.begin[n]) {
    for (int64_t i = 0; i < n; i++)
      for (int64_t e = b->brief.begin[i]; e < b->brief.begin[i + 1]; e++) next[i] += b->brief.weight[e] * now[b->brief.offset[e]];
  }
  LEVELLED(whole)(b, b->base + s * m, k + s, 0, b->sent);
#define BRAIN_PREDICT(name, variables, inputs, rated) if (model-- == 0) LEVELLED(name##_predict)(b, k, s, at);
  int64_t model = b->model;
  BRAIN_MODELS(BRAIN_PREDICT)
#undef BRAIN_PREDICT
  if (b->scheme == BRAIN_HEUN && b->instant.begin[n]) {
    for (int64_t i = 0; i < n; i++) b->ahead[b->region[i]] = b->sent[i];
    for (int64_t i = 0; i < b->n_given; i++) b->ahead[b->given[i]] = now[b->given[i] * b->row];
  }
}

static void LEVELLED(brain_correct)(brain *b, int64_t k, int64_t s, int64_t at) {
  if (b->scheme == BRAIN_HEUN) LEVELLED(whole)(b, b->base + (s + 1) * b->m, k + s + 1, 1, b->sent);
#define BRAIN_CORRECT(name, variables, inputs, rated) if (model-- == 0) LEVELLED(name##_correct)(b, k, s, at);
  int64_t model = b->model;
  BRAIN_MODELS(BRAIN_CORRECT)
#undef BRAIN_CORRECT
  double *reached = b->history + (k + s + 1 - b->origin);
  for (int64_t i = 0; i < b->n; i++) reached[b->region[i] * b->row] = b->sent[i];
}

static void LEVELLED(brain_finish)(brain *b, int64_t k, int64_t at) {
  double unused[BRAIN_VARIABLES * b->m];
  if (b->from_outside) memcpy(b->base, b->outside + at * b->m, (size_t)b->m * 8);
#define BRAIN_FINISH(name, variables, inputs, rated) if (model-- == 0 && rated) { \
    LEVELLED(whole)(b, b->base, k, 0, b->sent); \
    LEVELLED(gather_input)(b, inputs, at, at); \
    LEVELLED(name##_slopes)(b, b->x, unused, b->rates + at * b->m); \
  }
  int64_t model = b->model;
  BRAIN_MODELS(BRAIN_FINISH)
#undef BRAIN_FINISH
}
