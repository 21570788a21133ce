/* Which compilers can make kernels for several instruction sets in one file, and ask the processor at run time which it has.
 *
 * GCC names the levels x86-64-v2 to -v4 in `target` and in `__builtin_cpu_supports` since version 12. Clang does not take them in both
 * places, and has no `push_options`. Everything else gets the plain kernels, which give the same bits. Define COSIM_PLAIN_ONLY to have
 * them alone.
 */
#ifndef COSIM_PROCESSOR_H
#define COSIM_PROCESSOR_H

#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && !defined(COSIM_PLAIN_ONLY)
#define COSIM_X86_LEVELS 1
#endif

#endif
