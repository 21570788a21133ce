/* x' = gamma x + c + u. Parameters in rows: gamma. */
static inline __attribute__((always_inline)) void linear_slope(const double *p, int64_t m, const double *x, double c, const double *u, double *dx, double *rate) {
  (void)m; (void)rate;
  dx[0] = p[0] * x[0] + c + u[0];
}
static inline __attribute__((always_inline)) double linear_source(const double *p, int64_t m, const double *x) {
  (void)p; (void)m;
  return x[0];
}
static inline double linear_follow(const double *p, int64_t m, double h, double from, double to, double dt) {
  (void)p; (void)m; (void)from; (void)to; (void)dt;
  return h;
}
