# What `_engine.pyx` uses of the headers beside it.

cdef extern from "engine.h" nogil:
    enum: MC_BEYOND, MC_CHUNK, MC_SLOT_BITS, MC_DUE, MC_STATES, MC_CONSTANTS, MC_INPUTS, MC_BACKGROUNDS
    ctypedef struct cosim_poisson:
        double mean
    ctypedef struct mc_kernel:
        const char *name
        const char **states
        const char **constants
        const char **inputs
        uint32_t n_states, n_constants, n_inputs
        int32_t is_random
    ctypedef struct mc_background:
        uint64_t key
        double counts_per_hz, weight
        uint32_t input, rate
        const uint64_t *heard
    ctypedef struct mc_population:
        const mc_kernel *kernel
        double *constant
        double *unit
        uint32_t *state
        uint32_t backgrounds
        mc_background *background
    uint32_t mc_slot_of(uint32_t synapse) noexcept
    int32_t mc_weight_of(uint32_t synapse) noexcept
    ctypedef struct mc_run:
        uint32_t population, first, chunks
        int64_t id_shift
    ctypedef struct mc_due:
        uint32_t count
    ctypedef struct mc_block:
        uint32_t first, count
        uint64_t *begin
        uint16_t *upto
    ctypedef struct mc_level:
        const char *name
    struct mc_plasticity:
        pass
    ctypedef struct mc_engine:
        const mc_level *level
        uint32_t level_number
        int32_t is_double
        uint32_t rank, size, spin, neurons, local, first_chunk, n_populations, n_runs, n_blocks
        mc_population *population
        mc_run *run
        mc_block *block
        uint64_t *own
        uint32_t n_states, n_inputs
        void **state
        int32_t *input
        int32_t is_wide
        void *extra
        void *more
        uint64_t random_key
        uint32_t *synapse
        uint64_t capacity, used
        uint32_t least_delay, ages
        mc_due *due
        uint32_t slots, stride
        uint32_t *ring_id
        uint32_t *ring_count
        const uint32_t *first_id
        int32_t *partial
        uint32_t partials, ahead, width
        cosim_meeting *meeting
        int64_t *failure
        uint64_t events
        mc_plasticity *plasticity
    ctypedef struct mc_window:
        uint64_t first
        uint32_t steps
        const double *rate_hz
        uint32_t rates
        const double *direct_pa
        const int64_t *arrival_upto
        const uint32_t *arrival_at
        const uint32_t *arrival_input
        const double *arrival_weight
        uint32_t currents
        const uint32_t *current_first
        const uint32_t *current_stop
        const double *current_pa
        uint32_t traces
        const uint32_t *trace
        const uint32_t *trace_state
        double *traced
        uint32_t *spikes
        uint32_t *id
        uint64_t n_ids, id_capacity

cdef extern from "levels.h" nogil:
    const mc_level *mc_level_at(int number) noexcept

cdef extern from "kernels.h" nogil:
    const mc_kernel **mc_kernels

cdef extern from "poisson.h" nogil:
    double COSIM_LARGEST_MEAN

cdef extern from "rows.h" nogil:
    enum: MC_NO_ROOM, MC_ROW_TOO_LONG
    ctypedef struct mc_projection:
        uint64_t key
    ctypedef struct mc_entry:
        uint32_t packed
    int mc_build_rows(mc_engine *e, const mc_projection **p, uint32_t projections, uint32_t first_id, uint32_t sources, mc_entry *entry,
                      uint32_t *count) noexcept

cdef extern from "partial.h" nogil:
    uint32_t mc_turn(const mc_engine *e) noexcept
    uint64_t mc_pack(const mc_engine *e, uint32_t steps, uint32_t *word) noexcept
    uint64_t mc_unpack(mc_engine *e, uint32_t steps, const uint32_t *word, bint is_mine) noexcept

cdef extern from "window.h" nogil:
    int mc_make_flights(mc_engine *e) noexcept
    void mc_free_flights(mc_engine *e) noexcept
    int mc_advance(mc_engine *e, mc_window *w) noexcept
    void mc_deliver_ahead(mc_engine *e, uint64_t first, uint32_t steps) noexcept
    int mc_keep(const mc_engine *e, mc_window *w, uint32_t begin, uint32_t end) noexcept

cdef extern from "memory.h" nogil:
    void *mc_pages(size_t n) noexcept
    void mc_pages_free(void *p, size_t n) noexcept
