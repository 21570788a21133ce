/* Synaptic gating of an excitatory and an inhibitory population (Deco et al. 2014, J Neurosci 34:7886, equations 5 to 10).
 *
 * The rows of the parameters stand in the enum, in the order of reduced_wong_wang.py. Rates in Hz, currents in nA. */
enum { RWW_A_E, RWW_B_E, RWW_D_E, RWW_GAMMA_E, RWW_TAU_E, RWW_A_I, RWW_B_I, RWW_D_I, RWW_GAMMA_I, RWW_TAU_I, RWW_W_P, RWW_J_N, RWW_J_I,
       RWW_I_O, RWW_W_E, RWW_W_I, RWW_I_EXT, RWW_LAMDA };

/* x / (1 - exp(-d x)); by its series where both sides of the fraction vanish. */
static inline __attribute__((always_inline)) double reduced_wong_wang_rate(double x, double d) {
  double y = d * x, q = y * y;
  double near = (1. + y * .5 + q * (1. / 12.) - q * q * (1. / 720.)) / d;
  double far = x / (1. - cosim_exp(-y));
  return y > -.01 && y < .01 ? near : far;
}
static inline __attribute__((always_inline)) void reduced_wong_wang_slope(const double *p, int64_t m, const double *x, double c, const double *u, double *dx, double *rate) {
  double e = x[0], i = x[m], j = p[RWW_J_N * m] * c, n = p[RWW_J_N * m] * e;
  double y = p[RWW_W_P * m] * n - p[RWW_J_I * m] * i + p[RWW_W_E * m] * p[RWW_I_O * m] + j + p[RWW_I_EXT * m] + u[0];
  double z = n - i + p[RWW_W_I * m] * p[RWW_I_O * m] + p[RWW_LAMDA * m] * j + u[m];
  double r = reduced_wong_wang_rate(p[RWW_A_E * m] * y - p[RWW_B_E * m], p[RWW_D_E * m]);
  double s = reduced_wong_wang_rate(p[RWW_A_I * m] * z - p[RWW_B_I * m], p[RWW_D_I * m]);
  dx[0] = -e / p[RWW_TAU_E * m] + (1. - e) * p[RWW_GAMMA_E * m] * r;
  dx[m] = -i / p[RWW_TAU_I * m] + p[RWW_GAMMA_I * m] * s;
  rate[0] = r;
}
static inline __attribute__((always_inline)) double reduced_wong_wang_source(const double *p, int64_t m, const double *x) {
  (void)p; (void)m;
  return x[0];
}
/* S_E' = -S_E / tau_E + (1 - S_E) gamma_E r, by Heun with the rate at both ends of the step. */
static inline double reduced_wong_wang_follow(const double *p, int64_t m, double h, double from, double to, double dt) {
  double a = -h / p[RWW_TAU_E * m] + (1. - h) * p[RWW_GAMMA_E * m] * from, y = h + dt * a;
  double b = -y / p[RWW_TAU_E * m] + (1. - y) * p[RWW_GAMMA_E * m] * to, z = h + dt * .5 * (a + b);
  return z < 0. ? 0. : z > 1. ? 1. : z;
}
