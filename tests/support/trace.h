/* trace - the system calls of a program and its children, as strace wrote them down.
 *
 * Each call is in the trace at the place where it ended; begin and end are the lines of both, so that "a
 * was over before b began" is a.end < b.begin, also between threads. What strace could not finish (a killed
 * process) is left out. */
#ifndef FELUCCA_TESTS_TRACE_H
#define FELUCCA_TESTS_TRACE_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trace_call {
    long pid; /* of the thread */
    size_t begin, end;
    char name[24];
    char *path;             /* of the descriptor that is its first argument: a file, or "TCP:[…"; or "" */
    struct text strings[2]; /* the bytes of its first two strings: data, or names */
    int64_t last;           /* its last argument, where that is a number: the offset of a pwrite64 */
    int64_t result;
};

struct trace {
    struct trace_call *calls;
    size_t count, capacity;
};

#define TRACE_EMPTY \
    {               \
        NULL, 0, 0  \
    }

void trace_release(struct trace *trace);

/* What goes in front of a program to have it traced into a file: give it the system calls
 * ("openat,write,…") and room for TRACE_WORDS words, ended by NULL. The program is the child itself, not
 * strace. filter and file are borrowed as long as the words are used. */
enum { TRACE_WORDS = 16 };
void trace_words(const char *filter, const char *file, const char *ret_words[TRACE_WORDS]);

/* Waits until the end of the process is in the file, then appends all calls. False when it does not. */
bool trace_read(const char *file, long pid, int64_t limit_ms, struct trace *ret_trace);

/* Exchanges two calls; each takes the other's place in time. For self-checks with a doctored trace. */
void trace_swap(struct trace *trace, size_t a, size_t b);

#endif
