from libc.stdint cimport uint64_t

cdef extern from "elementary.h" nogil:
    double cosim_exp(double x) noexcept
    double cosim_expm1(double x) noexcept
    double cosim_log(double x) noexcept
    double cosim_normal(uint64_t bits) noexcept
    double cosim_sin(double x) noexcept
    double cosim_cos(double x) noexcept
    double cosim_tanh(double x) noexcept
    double cosim_erfc(double x) noexcept
