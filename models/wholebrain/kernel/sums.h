/* Sums over delayed links, compiled once for each instruction set (see engine.h). No guard: it is included more than once.
 *
 * Vectors only ever hold different instants or different regions, never parts of one sum, so every level gives the same bits. */
typedef double LEVELLED(lanes) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
enum { LEVELLED(most) = 8 }; /* vectors of instants that are summed at once */

/* Sum `vectors` whole vectors of instants over links, adding link after link. */
static inline __attribute__((always_inline)) void LEVELLED(sum)(const double *from, const brain_links *l, int64_t target, const int vectors, double *out) {
  LEVELLED(lanes) a[LEVELLED(most)] = {{0}};
  for (int64_t e = l->begin[target]; e < l->begin[target + 1]; e++) {
    const LEVELLED(lanes) *h = (const LEVELLED(lanes) *)(from + l->offset[e]);
    LEVELLED(lanes) w = l->weight[e] - (LEVELLED(lanes)){0};
    _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) a[v] += w * h[v];
  }
  _Pragma("GCC unroll 8") for (int v = 0; v < vectors; v++) *(LEVELLED(lanes) *)(out + v * LANES) = a[v];
}

/* Sum up to 8 * LANES instants; the last vector may hold more than was asked for. */
static void LEVELLED(sums)(const double *from, const brain_links *l, int64_t target, int64_t count, double *out) {
  switch ((count + LANES - 1) / LANES) {
    case 8: LEVELLED(sum)(from, l, target, 8, out); break;
    case 7: LEVELLED(sum)(from, l, target, 7, out); break;
    case 6: LEVELLED(sum)(from, l, target, 6, out); break;
    case 5: LEVELLED(sum)(from, l, target, 5, out); break;
    case 4: LEVELLED(sum)(from, l, target, 4, out); break;
    case 3: LEVELLED(sum)(from, l, target, 3, out); break;
    case 2: LEVELLED(sum)(from, l, target, 2, out); break;
    default: LEVELLED(sum)(from, l, target, 1, out); break;
  }
}

static void LEVELLED(brain_afferent)(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count, double *out) {
  enum { SPAN = LEVELLED(most) * LANES };
  for (int64_t s = 0; s < count; s += SPAN) {
    double some[SPAN];
    int64_t here = count - s < SPAN ? count - s : SPAN;
    LEVELLED(sums)(history + (k + s - b->origin), links, target, here, some);
    memcpy(out + s, some, (size_t)here * 8);
  }
}

static void LEVELLED(brain_open)(brain *b, int64_t k, int64_t steps) {
  enum { SPAN = LEVELLED(most) * LANES };
  for (int64_t t = 0, count; t < b->targets && !b->from_outside; t += count) {
    /* The targets of a chunk stand side by side in the sums: they are written together, instant by instant. */
    for (count = 1; count < BRAIN_WIDE && t + count < b->targets && b->column[t + count] == b->column[t] + count; count++) {}
    for (int64_t s = 0; s < steps; s += SPAN) {
      double some[BRAIN_WIDE][SPAN];
      int64_t here = steps - s < SPAN ? steps - s : SPAN;
      for (int64_t i = 0; i < count; i++) {
        if (b->along.begin[t + i] == b->along.begin[t + i + 1]) memset(some[i], 0, (size_t)here * 8);
        else LEVELLED(sums)(b->history + (k + 1 + s - b->origin), &b->along, t + i, here, some[i]);
      }
      double *restrict to = b->base + (1 + s) * b->width + b->column[t];
      for (int64_t v = 0; v < here; v++, to += b->width) {
        if (count == BRAIN_WIDE) for (int i = 0; i < BRAIN_WIDE; i++) to[i] = some[i][v];
        else for (int64_t i = 0; i < count; i++) to[i] = some[i][v];
      }
    }
  }
  for (int64_t q = 0; q < b->patches; q++) {
    const brain_patch *p = b->patch + q;
    if (p->noisy) LEVELLED(draw)(p, b->key, k, steps);
  }
}

/* Add the short links of the instant that step s of the block reaches; they read what the steps before it sent. */
static void LEVELLED(add_brief)(brain *b, int64_t k, int64_t s) {
  const brain_links *l = &b->brief;
  double *restrict next = b->base + (s + 1) * b->width;
  const double *restrict now = b->history + (k + s + 1 - b->origin);
  for (int64_t j = 0; j < b->n_briefly; j++)
    for (int64_t t = b->briefly[j], e = l->begin[t]; e < l->begin[t + 1]; e++) next[b->column[t]] += l->weight[e] * now[l->offset[e]];
}
