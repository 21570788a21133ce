# What the kernel holds and does; engine.h and patch.h say what each member is.

cdef extern from "engine.h" nogil:
    # The first argument is a brain_patch, which Cython cannot know before its model.
    ctypedef void (*slopes_loop)(const void *, const double *, const double *, const double *, double *, double *) noexcept
    ctypedef void (*send_loop)(const void *, const double *, double *) noexcept
    ctypedef double (*follow_loop)(const void *, int64_t, double, double, double, double, double, double) noexcept
    ctypedef struct brain_loops:
        slopes_loop slopes
        send_loop send
        send_loop judge
        follow_loop follow
    ctypedef struct brain_model:
        const char *name
        const char *const *x
        const char *const *p
        const char *const *c
        const char *const *u
        int64_t counts[4]
        int64_t sends, has_rate, has_valid, follows
        brain_loops level[3]
    ctypedef struct brain_patch:
        const brain_model *model
        int64_t n, m, base
        const int64_t *region
        const int64_t *row
        const double *parameters
        const double *own
        const double *shift
        const double *low
        const double *high
        const double *sigma
        const int64_t *by
        double gain
        int64_t noisy, multiplied, has_own
        double *states
        double *sent
        double *ahead
        double *slope
        double *stage
        double *rest
        double *total
        double *input[2]
        double *drawn
        double *rates
        const double *held
        const double *drive
        double *work
    ctypedef struct brain_links:
        const int64_t *begin
        const int64_t *offset
        const double *weight
    ctypedef struct brain:
        int64_t patches, targets, width
        brain_patch *patch
        const int64_t *column
        int64_t row, origin, block, scheme, level, coupling
        uint64_t key
        double dt, gain
        double curve[5]
        brain_links along, brief, instant
        int64_t at_once
        const int64_t *briefly
        int64_t n_briefly
        const double *self_weight
        const int64_t *self_at
        int64_t self_delayed
        const int64_t *given
        int64_t n_given
        double *history
        double *ahead
        double *base
        const double *outside
        int64_t has_input, from_outside, together, failed
    const brain_model *const *brain_models
    int64_t brain_best_level() noexcept
    void brain_open(brain *b, int64_t k, int64_t steps) noexcept
    void brain_begin(brain *b) noexcept
    void brain_predict(brain *b, int64_t k, int64_t s, int64_t at) noexcept
    void brain_correct(brain *b, int64_t k, int64_t s, int64_t at) noexcept
    void brain_close(brain *b, int64_t steps) noexcept
    void brain_finish(brain *b, int64_t k, int64_t at) noexcept
    void brain_block(brain *b, int64_t k, int64_t steps, int64_t at) noexcept
    void brain_run(brain *b, int64_t k, int64_t steps) noexcept
    void brain_afferent(brain *b, const double *history, const brain_links *links, int64_t target, int64_t k, int64_t count,
                        double *out) noexcept
    int64_t brain_finite(const double *x, int64_t count) noexcept
    void brain_give(const double *given, int64_t rows, int64_t n, int64_t m, int64_t steps, double *out, int64_t width,
                    const int64_t *columns) noexcept
