/* limit - what reading the header of one file may cost, and a whole trial. felucca-header keeps to it, the router tells of it. */
#ifndef FELUCCA_READING_LIMIT_H
#define FELUCCA_READING_LIMIT_H

enum {
    READING_SECONDS_MAX = 2, /* of the processor */
    TRIAL_SECONDS_MAX = 5,   /* of the processor: all that one trial compiles, reads and judges */
    READING_MEMORY_MAX = 512 << 20
};

#endif
