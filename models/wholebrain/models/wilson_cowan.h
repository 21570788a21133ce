/* tau_e E' = -E + (k_e - r_e E) S_e(c_ee E - c_ei I + P - theta_e + c + u), and I likewise (Wilson & Cowan 1972, equations 11 and 12).
 *
 * S(x) = c (1 / (1 + exp(-a (alpha x - b))) - shift). The rows of the parameters stand in the enum, in the order of wilson_cowan.py. */
enum { WC_C_EE, WC_C_EI, WC_C_IE, WC_C_II, WC_TAU_E, WC_TAU_I, WC_A_E, WC_B_E, WC_C_E, WC_THETA_E, WC_A_I, WC_B_I, WC_C_I, WC_THETA_I,
       WC_R_E, WC_R_I, WC_K_E, WC_K_I, WC_P, WC_Q, WC_ALPHA_E, WC_ALPHA_I, WC_SHIFT_E, WC_SHIFT_I };

static inline __attribute__((always_inline)) void wilson_cowan_slope(const double *p, int64_t m, const double *x, double c, const double *u, double *dx, double *rate) {
  (void)rate;
  double e = x[0], i = x[m];
  double y = p[WC_ALPHA_E * m] * (p[WC_C_EE * m] * e - p[WC_C_EI * m] * i + p[WC_P * m] - p[WC_THETA_E * m] + c + u[0]);
  double z = p[WC_ALPHA_I * m] * (p[WC_C_IE * m] * e - p[WC_C_II * m] * i + p[WC_Q * m] - p[WC_THETA_I * m] + u[m]);
  double s = p[WC_C_E * m] * (1. / (1. + cosim_exp(-p[WC_A_E * m] * (y - p[WC_B_E * m]))) - p[WC_SHIFT_E * m]);
  double t = p[WC_C_I * m] * (1. / (1. + cosim_exp(-p[WC_A_I * m] * (z - p[WC_B_I * m]))) - p[WC_SHIFT_I * m]);
  dx[0] = (-e + (p[WC_K_E * m] - p[WC_R_E * m] * e) * s) / p[WC_TAU_E * m];
  dx[m] = (-i + (p[WC_K_I * m] - p[WC_R_I * m] * i) * t) / p[WC_TAU_I * m];
}
static inline __attribute__((always_inline)) double wilson_cowan_source(const double *p, int64_t m, const double *x) {
  (void)p; (void)m;
  return x[0];
}
static inline double wilson_cowan_follow(const double *p, int64_t m, double h, double from, double to, double dt) {
  (void)p; (void)m; (void)from; (void)to; (void)dt;
  return h;
}
