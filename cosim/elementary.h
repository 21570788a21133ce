/* Elementary functions whose bits depend on nothing but their argument.
 *
 * The C library's differ between versions and between processors with and without fused multiply-add. These use plain double
 * operations only and must be compiled with -ffp-contract=off. They have no branches that keep a compiler from vectorising exp.
 */
#ifndef COSIM_ELEMENTARY_H
#define COSIM_ELEMENTARY_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* A loop that calls a function vectorises only if the function is inlined, and a compiler tires of inlining where there are many. */
#if defined(__GNUC__)
#define COSIM_INLINE static inline __attribute__((always_inline))
#else
#define COSIM_INLINE static inline
#endif

/* exp to about 1 ulp. Cody & Waite reduction by ln 2 in two parts, Taylor polynomial of degree 13 on |r| <= ln(2)/2 (its remainder is
 * below 5e-18), in pairs (Estrin 1960) so that few operations wait for each other. Arguments are clamped to [-708, 709]; NaN stays NaN.
 * Adding 1.5 * 2^52 rounds to the nearest whole number and leaves it in the low bits, which every instruction set can do side by side. */
COSIM_INLINE double cosim_exp(double x) {
  double y = x < -708. ? -708. : x > 709. ? 709. : x;
  double shifted = y * 1.4426950408889634 + 0x1.8p52, k = shifted - 0x1.8p52;
  double r = (y - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  double r2 = r * r, r4 = r2 * r2;
  double low = (1. / 2. + 1. / 6. * r) + (1. / 24. + 1. / 120. * r) * r2;
  double middle = (1. / 720. + 1. / 5040. * r) + (1. / 40320. + 1. / 362880. * r) * r2;
  double high = (1. / 3628800. + 1. / 39916800. * r) + (1. / 479001600. + 1. / 6227020800. * r) * r2;
  double p = 1. + (r + r2 * (low + (middle + high * r4) * r4));
  uint64_t bits;
  memcpy(&bits, &shifted, 8);
  bits = (bits + 1023) << 52;
  double scale;
  memcpy(&scale, &bits, 8);
  return p * scale;
}

/* exp in single precision, to about 1 ulp: the same, clamped to [-87, 88], degree 7. */
COSIM_INLINE float cosim_expf(float x) {
  float y = x < -87.f ? -87.f : x > 88.f ? 88.f : x;
  float shifted = y * 1.44269504f + 0x1.8p23f, k = shifted - 0x1.8p23f;
  float r = (y - k * 0.693359375f) - k * -2.12194440e-4f;
  float p = (float)(1. / 5040.);
  p = p * r + (float)(1. / 720.);
  p = p * r + (float)(1. / 120.);
  p = p * r + (float)(1. / 24.);
  p = p * r + (float)(1. / 6.);
  p = p * r + .5f;
  p = p * r + 1.f;
  p = p * r + 1.f;
  uint32_t bits;
  memcpy(&bits, &shifted, 4);
  bits = (bits + 127) << 23;
  float scale;
  memcpy(&scale, &bits, 4);
  return p * scale;
}

/* exp(x) - 1, accurate near 0: the Taylor polynomial where |x| < 0.35, else from exp. */
COSIM_INLINE double cosim_expm1(double x) {
  double p = 1. / 6227020800.;
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
  double far = cosim_exp(x) - 1.;
  return fabs(x) < .35 ? x * p : far;
}

COSIM_INLINE float cosim_expm1f(float x) {
  float p = (float)(1. / 5040.);
  p = p * x + (float)(1. / 720.);
  p = p * x + (float)(1. / 120.);
  p = p * x + (float)(1. / 24.);
  p = p * x + (float)(1. / 6.);
  p = p * x + .5f;
  p = p * x + 1.f;
  float far = cosim_expf(x) - 1.f;
  return fabsf(x) < .35f ? x * p : far;
}

/* log of a positive, normal number to about 1 ulp. Reduction to [sqrt(1/2), sqrt(2)), then the odd series in s = f / (2 + f) with the
 * minimax coefficients of the fdlibm library (Sun Microsystems 1993). The exponent becomes a floating-point number by way of the low bits
 * of 2^52, as there is no instruction for it on many processors. */
COSIM_INLINE double cosim_log(double x) {
  uint64_t bits, whole;
  memcpy(&bits, &x, 8);
  whole = (bits >> 52 & 0x7ff) | 0x4330000000000000ull;
  bits = (bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull;
  double m, k;
  memcpy(&m, &bits, 8);
  memcpy(&k, &whole, 8);
  k -= 0x1p52 + 1023.;
  double is_high = m > 1.4142135623730951 ? 1. : 0.;
  m = m > 1.4142135623730951 ? m * .5 : m;
  k += is_high;
  double f = m - 1., s = f / (2. + f), z = s * s, w = z * z, half = .5 * f * f;
  double r = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)))
           + w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + r) + k * 1.90821492927058770002e-10)) - f);
}

/* log in single precision: the same, with fdlibm's four coefficients for it. */
COSIM_INLINE float cosim_logf(float x) {
  uint32_t bits, whole;
  memcpy(&bits, &x, 4);
  whole = (bits >> 23 & 0xff) | 0x4b000000u;
  bits = (bits & 0x007fffffu) | 0x3f800000u;
  float m, k;
  memcpy(&m, &bits, 4);
  memcpy(&k, &whole, 4);
  k -= 0x1p23f + 127.f;
  float is_high = m > 1.41421354f ? 1.f : 0.f;
  m = m > 1.41421354f ? m * .5f : m;
  k += is_high;
  float f = m - 1.f, s = f / (2.f + f), z = s * s, w = z * z, half = .5f * f * f;
  float r = z * (0.66666662693f + w * 0.28498786688f) + w * (0.40000972152f + w * 0.24279078841f);
  return k * 6.9313812256e-01f - ((half - (s * (half + r) + k * 9.0580006145e-06f)) - f);
}

/* sin and cos to about 1 ulp for |x| below 10^5: the nearest multiple of pi/2 is taken away in three parts, then the polynomials of the
 * fdlibm library (Sun Microsystems 1993) on |r| <= pi/4. Both are always worked out, so that a compiler can do several at once. */
COSIM_INLINE double cosim_turned(double x, uint64_t quarter) {
  double shifted = x * .63661977236758134308 + 0x1.8p52, n = shifted - 0x1.8p52;
  double r = ((x - n * 1.57079632673412561417e+00) - n * 6.07710050630396597660e-11) - n * 2.02226624879595063154e-21, z = r * r;
  double s = r + r * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04
             + z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)))));
  double c = (1. - .5 * z) + z * z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05
             + z * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  uint64_t bits;
  memcpy(&bits, &shifted, 8);
  bits += quarter;
  double y = (bits & 1) ? c : s;
  return (bits & 2) ? -y : y;
}
COSIM_INLINE double cosim_sin(double x) { return cosim_turned(x, 0); }
COSIM_INLINE double cosim_cos(double x) { return cosim_turned(x, 1); }

COSIM_INLINE double cosim_tanh(double x) {
  double e = cosim_expm1(2. * x);
  return x > 22. ? 1. : x < -22. ? -1. : e / (e + 2.);
}

/* The complementary error function to about 2 ulp where it is no smaller than 1e-300: fdlibm's rational functions of four ranges (Sun
 * Microsystems 1993), all of which are worked out. */
COSIM_INLINE double cosim_erfc(double x) {
  double a = fabs(x), z = x * x;
  double y = x * ((1.28379167095512558561e-01 + z * (-3.25042107247001499370e-01 + z * (-2.84817495755985104766e-02
             + z * (-5.77027029648944159157e-03 + z * -2.37630166566501626084e-05))))
           / (1. + z * (3.97917223959155352819e-01 + z * (6.50222499887672944485e-02 + z * (5.08130628187576562776e-03
             + z * (1.32494738004321644526e-04 + z * -3.96022827877536812320e-06))))));
  double near = x < .25 ? 1. - (x + y) : .5 - ((x - .5) + y);
  double s = a - 1.;
  double p = (-2.36211856075265944077e-03 + s * (4.14856118683748331666e-01 + s * (-3.72207876035701323847e-01
             + s * (3.18346619901161753674e-01 + s * (-1.10894694282396677476e-01 + s * (3.54783043256182359371e-02
             + s * -2.16637559486879084300e-03))))))
           / (1. + s * (1.06420880400844228286e-01 + s * (5.40397917702171048937e-01 + s * (7.18286544141962662868e-02
             + s * (1.26171219808761642112e-01 + s * (1.36370839120290507362e-02 + s * 1.19844998467991074170e-02))))));
  double middle = x < 0. ? 1. + (8.45062911510467529297e-01 + p) : (1. - 8.45062911510467529297e-01) - p;
  double b = a < 1.25 ? 1.25 : a > 27. ? 27. : a, q = 1. / (b * b);
  double ra = -9.86494403484714822705e-03 + q * (-6.93858572707181764372e-01 + q * (-1.05586262253232909814e+01
              + q * (-6.23753324503260060396e+01 + q * (-1.62396669462573470355e+02 + q * (-1.84605092906711035994e+02
              + q * (-8.12874355063065934246e+01 + q * -9.81432934416914548592e+00))))));
  double sa = 1. + q * (1.96512716674392571292e+01 + q * (1.37657754143519042600e+02 + q * (4.34565877475229228821e+02
              + q * (6.45387271733267880336e+02 + q * (4.29008140027567833386e+02 + q * (1.08635005541779435134e+02
              + q * (6.57024977031928170135e+00 + q * -6.04244152148580987438e-02)))))));
  double rb = -9.86494292470009928597e-03 + q * (-7.99283237680523006574e-01 + q * (-1.77579549177547519889e+01
              + q * (-1.60636384855821916062e+02 + q * (-6.37566443368389627722e+02 + q * (-1.02509513161107724954e+03
              + q * -4.83519191608651397019e+02)))));
  double sb = 1. + q * (3.03380607434824582924e+01 + q * (3.25792512996573918826e+02 + q * (1.53672958608443695994e+03
              + q * (3.19985821950859553908e+03 + q * (2.55305040643316442583e+03 + q * (4.74528541206955367215e+02
              + q * -2.24409524465858183362e+01))))));
  int is_far = b > 1. / .35;
  double r = (is_far ? rb : ra) / (is_far ? sb : sa), cut;
  uint64_t bits;
  memcpy(&bits, &b, 8);
  bits &= 0xffffffff00000000ull;
  memcpy(&cut, &bits, 8);
  double tail = cosim_exp(-cut * cut - .5625) * cosim_exp((cut - b) * (cut + b) + r) / b;
  double far = x < 0. ? 2. - tail : tail;
  return a < .84375 ? near : a < 1.25 ? middle : x > 27. ? 0. : x != x ? x : far;
}

/* A standard normal number from 64 random bits by inversion of the distribution function.
 * Source: Wichura 1988, algorithm AS 241 (PPND16), Applied Statistics 37:477. The uniform is (top 53 bits + 1/2) / 2^53, never 0 or 1. */
static inline double cosim_normal(uint64_t bits) {
  double u = ((double)(int64_t)(bits >> 11) + .5) * 0x1p-53, q = u - .5;
  if (q > -.425 && q < .425) {
    double r = .180625 - q * q;
    return q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r
                    + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608)
             / (((((((5226.495278852854561 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r
                    + 5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.);
  }
  double r = sqrt(-cosim_log(q < 0 ? u : 1. - u)), x;
  if (r <= 5.) {
    r -= 1.6;
    x = (((((((7.7454501427834140764e-4 * r + .0227238449892691845833) * r + .24178072517745061177) * r + 1.27045825245236838258) * r
            + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734)
      / (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + .0151986665636164571966) * r + .14810397642748007459) * r
            + .68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.);
  } else {
    r -= 5.;
    x = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + .0012426609473880784386) * r + .026532189526576123093) * r
            + .29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772)
      / (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r
            + .0148753612908506148525) * r + .13692988092273580531) * r + .59983220655588793769) * r + 1.);
  }
  return q < 0 ? -x : x;
}

#endif
