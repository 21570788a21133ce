from libc.stdint cimport uint32_t, uint64_t

cdef extern from "philox.h" nogil:
    ctypedef struct philox_block:
        uint32_t word[4]
    philox_block philox4x32(uint64_t key, uint32_t entity, uint32_t draw, uint64_t tick) noexcept
    uint64_t philox_bits(philox_block block, int pair) noexcept
