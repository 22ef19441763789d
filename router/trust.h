/* trust - the time by which things expire: the wall clock, but not one that leapt forward of late.
 *
 * A clock without a battery, a wrong time server or a hand that slips sets the wall clock years ahead, and whatever was to
 * be kept until then would be gone at once. So after a leap against the monotonic clock the time before it goes on for
 * TRUST_DOUBT_MS; then the new one is believed: after another leap, a day after that. A clock that is set back is believed at once: by it things only stay
 * longer. Plain data, no I/O. */
#ifndef FELUCCA_ROUTER_TRUST_H
#define FELUCCA_ROUTER_TRUST_H

#include <stdint.h>

enum {
    TRUST_STEP_MS = 60 * 1000,           /* less is no step, but a clock that is slewed */
    TRUST_GAP_MS = 24 * 60 * 60 * 1000,  /* a longer one between two runs is a leap */
    TRUST_DOUBT_MS = 24 * 60 * 60 * 1000 /* of running */
};

/* Offsets are wall time minus monotonic time. */
struct trust {
    int64_t offset;      /* as last seen */
    int64_t trusted;     /* what things expire by; less than offset while in doubt */
    int64_t doubt_until; /* monotonic; 0: there is no doubt */
};

enum trust_change { TRUST_SAME, TRUST_LEAPT, TRUST_BACK, TRUST_BELIEVED };

/* At start. wall_at, trusted_at, doubt_ms: what the run before wrote down last (wall_at 0: there was none). */
enum trust_change trust_start(struct trust *trust, int64_t wall, int64_t monotonic, int64_t wall_at,
                              int64_t trusted_at, int64_t doubt_ms);
/* Later, again and again. */
enum trust_change trust_look(struct trust *trust, int64_t wall, int64_t monotonic);

/* The time by which things expire, and how long it will differ from the wall clock; 0: it does not. */
int64_t trust_time(const struct trust *trust, int64_t monotonic);
int64_t trust_doubt_ms(const struct trust *trust, int64_t monotonic);

#endif
