"""Let processes that share memory meet at a barrier and wake each other."""

from libc.stdint cimport uint8_t, uint32_t

from cosim.meeting cimport cosim_doorbell, cosim_listen, cosim_meet, cosim_meeting, cosim_ring, cosim_rung

MEETING_BYTES = sizeof(cosim_meeting)
DOORBELL_BYTES = sizeof(cosim_doorbell)


cdef class Meeting:
    """A barrier in shared memory.

    Parameters
    ----------
    memory : (MEETING_BYTES,) uint8
        Shared by all who meet, zero at first, on a 64-byte boundary.
    size : int
        How many meet.
    spin : int
        How often to look before blocking.
    """

    cdef uint8_t[::1] memory
    cdef uint32_t size, spin

    def __init__(self, uint8_t[::1] memory, uint32_t size, uint32_t spin):
        if memory.shape[0] < <Py_ssize_t>sizeof(cosim_meeting):
            raise ValueError("a meeting needs MEETING_BYTES of memory")
        self.memory, self.size, self.spin = memory, size, spin

    def meet(self):
        """Return when all have come."""
        cdef cosim_meeting *meeting = <cosim_meeting *>&self.memory[0]
        with nogil:
            cosim_meet(meeting, self.size, self.spin)


cdef class Doorbell:
    """A counter in shared memory that others raise and its owner waits on.

    Parameters
    ----------
    memory : (DOORBELL_BYTES,) uint8
        Shared, zero at first, on a 64-byte boundary.
    spin : int
        How often to look before blocking.
    """

    cdef uint8_t[::1] memory
    cdef uint32_t spin

    def __init__(self, uint8_t[::1] memory, uint32_t spin):
        if memory.shape[0] < <Py_ssize_t>sizeof(cosim_doorbell):
            raise ValueError("a doorbell needs DOORBELL_BYTES of memory")
        self.memory, self.spin = memory, spin

    @property
    def rung(self):
        """How often it has been rung, modulo 2**32."""
        return cosim_rung(<cosim_doorbell *>&self.memory[0])

    def ring(self):
        """Raise the counter and wake the owner if it sleeps."""
        cosim_ring(<cosim_doorbell *>&self.memory[0])

    def listen(self, uint32_t seen, double seconds):
        """Return when the counter is no longer `seen`, or after some seconds."""
        cdef cosim_doorbell *bell = <cosim_doorbell *>&self.memory[0]
        with nogil:
            cosim_listen(bell, seen, self.spin, seconds)
