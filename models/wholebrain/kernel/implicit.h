/* Implicit schemes for stiff models: the state of each region is implicit, what it receives is taken from the past and from the start of
 * the step. Newton's method with a Jacobian from differences, each region for itself, so that its bits do not depend on who is beside it. */

/* Solve z - h f(z, c) = rest for all regions of a patch, starting from z; c is in p->total. */
static void LEVELLED(newton)(brain *b, brain_patch *p, double h, const double *restrict rest, const double *u, double *restrict z) {
  const brain_loops *f = p->model->level + b->level;
  int64_t m = p->m, n = p->model->counts[0];
  double *restrict a = p->work, *restrict right = p->work + n * n * m, *restrict moved = p->work + n * (n + 1) * m, *restrict d = p->slope + 2 * n * m;
  double step[m], unused[m];
  char done[m];
  memset(done, 0, (size_t)m);
  for (int iteration = 0; iteration < 40; iteration++) {
    int64_t open = 0;
    f->slopes(p, z, p->total, u, right, unused);
    for (int64_t w = 0; w < n; w++) {
      memcpy(moved, z, (size_t)(n * m) * 8);
      for (int64_t i = 0; i < m; i++) step[i] = 0x1p-26 * (1. + fabs(z[BRAIN_AT(n, w, i)])), moved[BRAIN_AT(n, w, i)] += step[i], step[i] = moved[BRAIN_AT(n, w, i)] - z[BRAIN_AT(n, w, i)];
      f->slopes(p, moved, p->total, u, d, unused);
      for (int64_t v = 0; v < n; v++)
        for (int64_t i = 0; i < m; i++) a[(v * n + w) * m + i] = (v == w ? 1. : 0.) - h * ((d[BRAIN_AT(n, v, i)] - right[BRAIN_AT(n, v, i)]) / step[i]);
    }
    for (int64_t i = 0; i < n * m; i++) right[i] = rest[i] + h * right[i] - z[i];
    for (int64_t i = 0; i < m; i++) {
      if (done[i]) continue;
#define A(v, w) a[((v) * n + (w)) * m + i]
      for (int64_t c = 0; c < n; c++) {
        int64_t pivot = c;
        for (int64_t v = c + 1; v < n; v++) if (fabs(A(v, c)) > fabs(A(pivot, c))) pivot = v;
        for (int64_t w = 0; w < n && pivot != c; w++) { double t = A(c, w); A(c, w) = A(pivot, w), A(pivot, w) = t; }
        if (pivot != c) { double t = right[BRAIN_AT(n, c, i)]; right[BRAIN_AT(n, c, i)] = right[BRAIN_AT(n, pivot, i)], right[BRAIN_AT(n, pivot, i)] = t; }
        for (int64_t v = c + 1; v < n; v++) {
          double q = A(v, c) / A(c, c);
          for (int64_t w = c; w < n; w++) A(v, w) -= q * A(c, w);
          right[BRAIN_AT(n, v, i)] -= q * right[BRAIN_AT(n, c, i)];
        }
      }
      int small = 1;
      for (int64_t v = n - 1; v >= 0; v--) {
        double t = right[BRAIN_AT(n, v, i)];
        for (int64_t w = v + 1; w < n; w++) t -= A(v, w) * right[BRAIN_AT(n, w, i)];
        right[BRAIN_AT(n, v, i)] = t /= A(v, v);
        small &= fabs(t) <= 1e-12 * (1. + fabs(z[BRAIN_AT(n, v, i)]));
        z[BRAIN_AT(n, v, i)] += t;
      }
#undef A
      if (small) done[i] = 1;
      else open++;
    }
    if (!open) return;
  }
  for (int64_t i = 0; i < p->n; i++) if (!done[i] && !b->failed) b->failed = p->region[i] + 1;
}

static void LEVELLED(implicit)(brain *b, brain_patch *p, int64_t k, int64_t s, const double *x, const double *noise, double *z, double *rate) {
  const brain_loops *f = p->model->level + b->level;
  int64_t n = p->model->counts[0] * p->m, received = p->model->counts[2] * p->m;
  double *rest = p->rest, *y = p->stage, start[received + 1], dt = b->dt;
  LEVELLED(couple)(b, p, b->base + s * b->width, k + s, BRAIN_START, 0, p->sent);
  f->slopes(p, x, p->total, p->input[0], p->slope, rate);
  memcpy(start, p->total, (size_t)received * 8);
  memcpy(y, x, (size_t)n * 8);
  LEVELLED(couple)(b, p, b->base + (s + 1) * b->width, k + s, BRAIN_END, 0, p->sent);
  if (b->scheme == BRAIN_BACKWARD_EULER) {
    memcpy(rest, x, (size_t)n * 8);
    LEVELLED(newton)(b, p, dt, rest, p->input[1], y);
  } else {
    /* Bank et al. 1985, IEEE Trans CAD 4:436, with gamma = 2 - sqrt 2: the trapezium up to gamma, then BDF2; both solve with the same h. */
    const double gamma = .58578643762690495, h = .29289321881345248, near = 1.2071067811865475, far = .20710678118654752;
    double stop[received + 1];
    memcpy(stop, p->total, (size_t)received * 8);
    for (int64_t i = 0; i < received; i++) p->total[i] = (1. - gamma) * start[i] + gamma * stop[i];
    for (int64_t i = 0; i < n; i++) rest[i] = x[i] + h * dt * p->slope[i];
    LEVELLED(newton)(b, p, h * dt, rest, p->input[1], y);
    memcpy(p->total, stop, (size_t)received * 8);
    for (int64_t i = 0; i < n; i++) rest[i] = near * y[i] - far * x[i];
    LEVELLED(newton)(b, p, h * dt, rest, p->input[1], y);
  }
  for (int64_t i = 0; i < n; i++) p->slope[i] = y[i] - x[i];
  LEVELLED(add)(p, x, 1., p->slope, noise, z);
}
