/* header_process - one felucca-header: its start, its socket, its end. */
#ifndef FELUCCA_ROUTER_HEADER_PROCESS_H
#define FELUCCA_ROUTER_HEADER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How it ended: name, whether the file that it was reading is to blame, the sentence about that file. */
#define HEADER_END_MAP(X)                                                                    \
    X(TIME, true, "its header takes more than 2 s to read")                                  \
    X(MEMORY, true, "its header takes more than 512 MiB to read")                            \
    X(CRASH, true, "its header crashes the DICOM parser")                                    \
    X(FORBIDDEN, true, "its header made its reader ask the kernel for what no header needs") \
    X(NONSENSE, true, "the process that read its header gave an answer that is none")        \
    X(OUTSIDE, false, "the process that read its header was ended from outside")             \
    X(STALLED, false, "the process that read its header did not answer")

enum header_end {
    HEADER_RUNS,
#define X(NAME, ...) HEADER_##NAME,
    HEADER_END_MAP(X)
#undef X
        HEADER_ENDS
};

/* Borrowed for ever. */
const char *header_end_sentence(enum header_end end);

struct header_process;

/* program: the open file of the program, so that a new version on the disk is not mixed with the router of the old
 * one. sandbox: whether it limits itself (header/calls.h). 0 or an error. */
int header_process_start(int program, bool sandbox, struct header_process **ret_process);
/* Kills it, if it runs, and waits for its end. */
void header_process_destroy(struct header_process **process);

/* Non-blocking, borrowed. */
int header_process_socket(const struct header_process *process);

/* The next answer, if all of it is there: its request's id and its bytes, which are then yours, to free().
 * ERR_AGAIN: not yet. ERR_NETWORK: the process has ended, or is about to. ERR_SYNTAX: it is no answer. */
int header_process_receive(struct header_process *process, uint64_t *ret_id, char **ret_bytes,
                           size_t *ret_length);

/* Others go before it, where there are not processors enough (nice); where the kernel refuses that, as under the unit of systemd, not. */
void header_process_stand_back(struct header_process *process);

/* The processor time that it has used. */
int64_t header_process_cpu_ms(const struct header_process *process);

void header_process_kill(struct header_process *process);
/* Why it ended by itself; HEADER_RUNS: it has not, or not quite. */
enum header_end header_process_end(struct header_process *process);

#endif
