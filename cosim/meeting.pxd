from libc.stdint cimport uint32_t

cdef extern from "meeting.h" nogil:
    ctypedef struct cosim_meeting:
        pass
    ctypedef struct cosim_doorbell:
        pass
    void cosim_meet(cosim_meeting *meeting, uint32_t size, uint32_t spin) noexcept
    uint32_t cosim_rung(cosim_doorbell *bell) noexcept
    void cosim_ring(cosim_doorbell *bell) noexcept
    void cosim_listen(cosim_doorbell *bell, uint32_t seen, uint32_t spin, double seconds) noexcept
