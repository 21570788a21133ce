/* Arithmetic on several regions at once, for one instruction set: what the equations of models are written in. No guard: it is included once
 * for each level, with LEVEL and LANES (regions in a vector). Vectors are written out, not left to the compiler, which gives up on long
 * equations. All functions give the bits of their namesakes in elementary.h. */
#define REAL LEVELLED(real)
#define INTS LEVELLED(ints)
#define MASK LEVELLED(mask)
typedef double REAL __attribute__((vector_size(8 * LANES), may_alias));
typedef int64_t INTS __attribute__((vector_size(8 * LANES), may_alias));
#define AT(p) (*(const REAL *)(p))
#define SPLAT(x) ((x) - (REAL){0})

#if LANES == 8
typedef __mmask8 MASK;
#define LESS(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LT_OQ)
#define LEAST(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_LE_OQ)
#define EQUAL(a, b) _mm512_cmp_pd_mask((__m512d)(a), (__m512d)(b), _CMP_EQ_OQ)
#define BITS(x) _mm512_test_epi64_mask((__m512i)(x), (__m512i)(x))
#define SELECT(m, a, b) (REAL)_mm512_mask_blend_pd((MASK)(m), (__m512d)(b), (__m512d)(a))
#define MAX(a, b) (REAL)_mm512_max_pd((__m512d)(a), (__m512d)(b))
#define MIN(a, b) (REAL)_mm512_min_pd((__m512d)(a), (__m512d)(b))
#define ROOT(a) (REAL)_mm512_sqrt_pd((__m512d)(a))
#elif LANES == 4
typedef INTS MASK;
#define LESS(a, b) (INTS)((a) < (b))
#define LEAST(a, b) (INTS)((a) <= (b))
#define EQUAL(a, b) (INTS)((a) == (b))
#define BITS(x) (INTS)((x) != 0)
#define SELECT(m, a, b) (REAL)_mm256_blendv_pd((__m256d)(b), (__m256d)(a), (__m256d)(m))
#define MAX(a, b) (REAL)_mm256_max_pd((__m256d)(a), (__m256d)(b))
#define MIN(a, b) (REAL)_mm256_min_pd((__m256d)(a), (__m256d)(b))
#define ROOT(a) (REAL)_mm256_sqrt_pd((__m256d)(a))
#else
typedef INTS MASK;
#define LESS(a, b) (INTS)((a) < (b))
#define LEAST(a, b) (INTS)((a) <= (b))
#define EQUAL(a, b) (INTS)((a) == (b))
#define BITS(x) (INTS)((x) != 0)
#define SELECT(m, a, b) (REAL)(((INTS)(a) & (m)) | ((INTS)(b) & ~(m)))
#define MAX(a, b) LEVELLED(max)(a, b)
#define MIN(a, b) LEVELLED(min)(a, b)
#define ROOT(a) LEVELLED(root)(a)
COSIM_INLINE REAL LEVELLED(max)(REAL a, REAL b) { return SELECT(LESS(b, a), a, b); }
COSIM_INLINE REAL LEVELLED(min)(REAL a, REAL b) { return SELECT(LESS(a, b), a, b); }
COSIM_INLINE REAL LEVELLED(root)(REAL a) { return (REAL){sqrt(a[0]), sqrt(a[1])}; }
#endif

/* Not a number stays what it is. */
COSIM_INLINE REAL LEVELLED(clamp)(REAL z, double low, double high) { return MIN(SPLAT(high), MAX(SPLAT(low), z)); }
COSIM_INLINE REAL LEVELLED(where)(MASK m, REAL a, REAL b) { return SELECT(m, a, b); }
COSIM_INLINE REAL LEVELLED(minimum)(REAL a, REAL b) { return MIN(a, b); }
COSIM_INLINE REAL LEVELLED(maximum)(REAL a, REAL b) { return MAX(a, b); }
COSIM_INLINE REAL LEVELLED(sqrt)(REAL a) { return ROOT(a); }
COSIM_INLINE REAL LEVELLED(absolute)(REAL a) { return (REAL)((INTS)a & 0x7fffffffffffffff); }

COSIM_INLINE REAL LEVELLED(exp)(REAL x) {
  REAL y = LEVELLED(clamp)(x, -708., 709.), shifted = y * 1.4426950408889634 + 0x1.8p52, k = shifted - 0x1.8p52;
  REAL r = (y - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10, r2 = r * r, r4 = r2 * r2;
  REAL low = (1. / 2. + 1. / 6. * r) + (1. / 24. + 1. / 120. * r) * r2;
  REAL middle = (1. / 720. + 1. / 5040. * r) + (1. / 40320. + 1. / 362880. * r) * r2;
  REAL high = (1. / 3628800. + 1. / 39916800. * r) + (1. / 479001600. + 1. / 6227020800. * r) * r2;
  REAL p = 1. + (r + r2 * (low + (middle + high * r4) * r4));
  return p * (REAL)(((INTS)shifted + 1023) << 52);
}

COSIM_INLINE REAL LEVELLED(expm1)(REAL x) {
  REAL p = SPLAT(1. / 6227020800.);
  p = p * x + 1. / 479001600.;
  p = p * x + 1. / 39916800.;
  p = p * x + 1. / 3628800.;
  p = p * x + 1. / 362880.;
  p = p * x + 1. / 40320.;
  p = p * x + 1. / 5040.;
  p = p * x + 1. / 720.;
  p = p * x + 1. / 120.;
  p = p * x + 1. / 24.;
  p = p * x + 1. / 6.;
  p = p * x + 1. / 2.;
  p = p * x + 1.;
  return SELECT(LESS(LEVELLED(absolute)(x), SPLAT(.35)), x * p, LEVELLED(exp)(x) - 1.);
}

COSIM_INLINE REAL LEVELLED(log)(REAL x) {
  INTS bits = (INTS)x;
  REAL k = (REAL)((bits >> 52 & 0x7ff) | 0x4330000000000000) - (0x1p52 + 1023.);
  REAL m = (REAL)((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  MASK high = LESS(SPLAT(1.4142135623730951), m);
  k += SELECT(high, SPLAT(1.), SPLAT(0.));
  m = SELECT(high, m * .5, m);
  REAL f = m - 1., s = f / (2. + f), z = s * s, w = z * z, half = .5 * f * f;
  REAL r = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
         + w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f);
}

COSIM_INLINE REAL LEVELLED(turned)(REAL x, int64_t quarter) {
  REAL shifted = x * .63661977236758134308 + 0x1.8p52, n = shifted - 0x1.8p52;
  REAL r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) - n * 2.02226624879595063154e-21, z = r * r;
  REAL s = r + r * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04
           + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
  REAL c = (1. - .5 * z) + z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05
           + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  INTS turn = (INTS)shifted + quarter;
  REAL y = SELECT(BITS(turn & 1), c, s);
  return SELECT(BITS(turn & 2), -y, y);
}
COSIM_INLINE REAL LEVELLED(sin)(REAL x) { return LEVELLED(turned)(x, 0); }
COSIM_INLINE REAL LEVELLED(cos)(REAL x) { return LEVELLED(turned)(x, 1); }

COSIM_INLINE REAL LEVELLED(tanh)(REAL x) {
  REAL e = LEVELLED(expm1)(2. * x);
  return SELECT(LESS(SPLAT(22.), x), SPLAT(1.), SELECT(LESS(x, SPLAT(-22.)), SPLAT(-1.), e / (e + 2.)));
}

COSIM_INLINE REAL LEVELLED(erfc)(REAL x) {
  REAL a = LEVELLED(absolute)(x), z = x * x;
  MASK below = LESS(x, SPLAT(0.));
  REAL y = x * ((1.28379167095512558561e-01 + z * (-3.25042107247001499370e-01 + z * (-2.84817495755985104766e-02
           + z * (-5.77027029648944159157e-03 + z * -2.37630166566501626084e-05))))
         / (1. + z * (3.97917223959155352819e-01 + z * (6.50222499887672944485e-02 + z * (5.08130628187576562776e-03
           + z * (1.32494738004321644526e-04 + z * -3.96022827877536812320e-06))))));
  REAL near = SELECT(LESS(x, SPLAT(.25)), 1. - (x + y), .5 - ((x - .5) + y)), s = a - 1.;
  REAL p = (-2.36211856075265944077e-03 + s * (4.14856118683748331666e-01 + s * (-3.72207876035701323847e-01
           + s * (3.18346619901161753674e-01 + s * (-1.10894694282396677476e-01 + s * (3.54783043256182359371e-02
           + s * -2.16637559486879084300e-03))))))
         / (1. + s * (1.06420880400844228286e-01 + s * (5.40397917702171048937e-01 + s * (7.18286544141962662868e-02
           + s * (1.26171219808761642112e-01 + s * (1.36370839120290507362e-02 + s * 1.19844998467991074170e-02))))));
  REAL middle = SELECT(below, 1. + (8.45062911510467529297e-01 + p), (1. - 8.45062911510467529297e-01) - p);
  REAL b = LEVELLED(clamp)(a, 1.25, 27.), q = 1. / (b * b);
  REAL ra = -9.86494403484714822705e-03 + q * (-6.93858572707181764372e-01 + q * (-1.05586262253232909814e+01
            + q * (-6.23753324503260060396e+01 + q * (-1.62396669462573470355e+02 + q * (-1.84605092906711035994e+02
            + q * (-8.12874355063065934246e+01 + q * -9.81432934416914548592e+00))))));
  REAL sa = 1. + q * (1.96512716674392571292e+01 + q * (1.37657754143519042600e+02 + q * (4.34565877475229228821e+02
            + q * (6.45387271733267880336e+02 + q * (4.29008140027567833386e+02 + q * (1.08635005541779435134e+02
            + q * (6.57024977031928170135e+00 + q * -6.04244152148580987438e-02)))))));
  REAL rb = -9.86494292470009928597e-03 + q * (-7.99283237680523006574e-01 + q * (-1.77579549177547519889e+01
            + q * (-1.60636384855821916062e+02 + q * (-6.37566443368389627722e+02 + q * (-1.02509513161107724954e+03
            + q * -4.83519191608651397019e+02)))));
  REAL sb = 1. + q * (3.03380607434824582924e+01 + q * (3.25792512996573918826e+02 + q * (1.53672958608443695994e+03
            + q * (3.19985821950859553908e+03 + q * (2.55305040643316442583e+03 + q * (4.74528541206955367215e+02
            + q * -2.24409524465858183362e+01))))));
  MASK is_far = LESS(SPLAT(1. / .35), b);
  REAL r = SELECT(is_far, rb, ra) / SELECT(is_far, sb, sa), cut = (REAL)((INTS)b & -0x100000000);
  REAL tail = LEVELLED(exp)(-cut * cut - .5625) * LEVELLED(exp)((cut - b) * (cut + b) + r) / b;
  REAL far = SELECT(below, 2. - tail, tail);
  far = SELECT(EQUAL(x, x), SELECT(LESS(SPLAT(27.), x), SPLAT(0.), far), x);
  return SELECT(LESS(a, SPLAT(.84375)), near, SELECT(LESS(a, SPLAT(1.25)), middle, far));
}
