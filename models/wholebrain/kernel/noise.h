/* Standard normal numbers in single precision, four from one block of Philox by Box & Muller 1958 (Ann Math Stat 29:610).
 *
 * A block belongs to a region, to a pair of its variables and to two steps, an even one and the next: each step takes two of the four words. A
 * word w gives the radius sqrt(-2 ln u) with u = (w >> 1) / 2^31 + 2^-32, the next word the angle: its two top bits the quadrant, the others
 * where in it, from -pi/4 to pi/4. So |z| < 6.7. Included once for each instruction set, with LANES (64-bit lanes of a vector). */
typedef uint64_t LEVELLED(longs) __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef uint32_t LEVELLED(shorter) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* The words of `count` entities (a whole number of vectors) for draw `draw` at one tick: (4, count). */
static void LEVELLED(words)(uint64_t key, const int64_t *entity, int64_t count, uint32_t draw, uint64_t tick, uint32_t *restrict out) {
  LEVELLED(longs) f0 = (LEVELLED(longs)){0} + 0xD2511F53u, f2 = (LEVELLED(longs)){0} + 0xCD9E8D57u;
  for (int64_t i = 0; i < count; i += LANES) {
    LEVELLED(longs) c0 = *(const LEVELLED(longs) *)(entity + i), c1 = (LEVELLED(longs)){0} + draw;
    LEVELLED(longs) c2 = (LEVELLED(longs)){0} + (tick & 0xffffffffu), c3 = (LEVELLED(longs)){0} + (tick >> 32);
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
      LEVELLED(longs) a = MULTIPLY(c0, f0), b = MULTIPLY(c2, f2);
      c0 = b >> 32 ^ c1 ^ k0;
      c2 = a >> 32 ^ c3 ^ k1;
      c1 = b, c3 = a;
      k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    *(LEVELLED(shorter) *)(out + i) = __builtin_convertvector(c0, LEVELLED(shorter));
    *(LEVELLED(shorter) *)(out + count + i) = __builtin_convertvector(c1, LEVELLED(shorter));
    *(LEVELLED(shorter) *)(out + 2 * count + i) = __builtin_convertvector(c2, LEVELLED(shorter));
    *(LEVELLED(shorter) *)(out + 3 * count + i) = __builtin_convertvector(c3, LEVELLED(shorter));
  }
}

/* The numbers of one chunk. */
static inline __attribute__((always_inline)) void LEVELLED(normals)(const uint32_t *restrict radius, const uint32_t *restrict angle, double sigma,
                                                                    double sigma2, double *restrict first, double *restrict second) {
  _Pragma("GCC ivdep") for (int i = 0; i < BRAIN_WIDE; i++) {
    float u = (float)(int32_t)(radius[i] >> 1) * 0x1p-31f + 0x1p-32f, r = sqrtf(-2.f * cosim_logf(u));
    float t = (float)(int32_t)(angle[i] << 2) * (0x1p-32f * 1.57079632679489662f), z = t * t;
    float s = t * (1.f + z * (-1.66666666667e-1f + z * (8.33333333333e-3f + z * (-1.98412698413e-4f + z * 2.75573192240e-6f))));
    float c = 1.f + z * (-.5f + z * (4.16666666667e-2f + z * (-1.38888888889e-3f + z * 2.48015873016e-5f)));
    int32_t odd = (int32_t)(angle[i] << 1) < 0, back = (int32_t)angle[i] < 0;
    float x = odd ? -s : c, y = odd ? c : s;
    first[i] = sigma * (double)(r * (back ? -x : x));
    second[i] = sigma2 * (double)(r * (back ? -y : y));
  }
}

/* The noise of some steps of a patch, (variables, m) each. */
static void LEVELLED(draw)(const brain_patch *p, uint64_t key, int64_t k, int64_t steps) {
  int64_t m = p->m, variables = p->model->counts[0];
  uint32_t word[4 * m];
  double unused[BRAIN_WIDE];
  for (int64_t v = 0; v < variables; v += 2) {
    int both = v + 1 < variables;
    double sigma = p->sigma[v], sigma2 = both ? p->sigma[v + 1] : 0.;
    if (sigma == 0. && sigma2 == 0.) continue; /* these rows were zero from the beginning */
    for (int64_t s = 0; s < steps; s++) {
      int64_t half = (k + s) & 1;
      if (s == 0 || !half) LEVELLED(words)(key, p->region, m, (uint32_t)(v / 2), (uint64_t)((k + s) >> 1), word);
      double *step = p->drawn + s * variables * m;
      for (int64_t i = 0; i < m; i += BRAIN_WIDE) {
        double *first = step + BRAIN_AT(variables, v, i);
        LEVELLED(normals)(word + 2 * half * m + i, word + (2 * half + 1) * m + i, sigma, sigma2, first, both ? first + BRAIN_WIDE : unused);
      }
    }
  }
}
