/* Large arrays of zeros, on huge pages where the system has them. */
#ifndef MC_MEMORY_H
#define MC_MEMORY_H

#include <stddef.h>
#include <sys/mman.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif
#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

static void *mc_pages(size_t bytes) {
  void *p = mmap(0, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) return 0;
#if defined(MADV_HUGEPAGE)
  madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return p;
}

static void mc_pages_free(void *p, size_t bytes) {
  if (p) munmap(p, bytes ? bytes : 1);
}

#endif
