/* limit - what reading the header of one file may cost. felucca-header keeps to it, the router tells of it. */
#ifndef FELUCCA_READING_LIMIT_H
#define FELUCCA_READING_LIMIT_H

enum {
    READING_SECONDS_MAX = 2, /* of the processor */
    READING_MEMORY_MAX = 512 << 20
};

#endif
