/* limits - what reading one header, or a trial, may cost, and what is left of the process.
 *
 * A file that exceeds them ends the process, and the router knows by what why: SIGPROF for time, exit status 70
 * (memory.h) for memory. None of them in a sanitizer's build. */
#ifndef FELUCCA_HEADER_LIMITS_H
#define FELUCCA_HEADER_LIMITS_H

/* Once, at the start: memory, no core file, and it ends with its parent, the router. */
void limits_set(void);

/* Around each file: its processor time. */
void limits_begin_file(void);
void limits_end_file(void);

/* A trial begins, and lasts as long as the process: the processor time of all of it. */
void limits_begin_trial(void);

#endif
