/* inject_plan - which system calls of a program under test shall fail, and how, and which time it shall read.
 *
 * A program started with LD_PRELOAD=<tests>/libinject.so and FELUCCA_INJECT=<file> asks this plan,
 * which the test and the program share through the file, before each call: so the test can begin and
 * end a trouble while the program runs, and see how often it was met. Only calls on paths that fit the
 * pattern are counted. */
#ifndef FELUCCA_TESTS_INJECT_PLAN_H
#define FELUCCA_TESTS_INJECT_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

#define INJECT_VARIABLE "FELUCCA_INJECT"

enum inject_call {
    INJECT_OPEN = 1,      /* open, openat: of files that are written or read */
    INJECT_WRITE = 2,     /* write, pwrite */
    INJECT_SYNC = 4,      /* fsync, fdatasync */
    INJECT_RENAME = 8,    /* by its goal */
    INJECT_UNLINK = 16,   /* unlink, unlinkat */
    INJECT_READ = 32,     /* read, pread */
    INJECT_TRUNCATE = 64, /* ftruncate, fallocate */
    INJECT_LOCK = 128     /* fcntl(F_OFD_SETLK) */
};

enum { INJECT_PATTERN_SIZE = 256 };

struct inject_plan {
    atomic_int armed;
    atomic_int calls;  /* of enum inject_call */
    atomic_int error;  /* errno; 0: nothing is done, success is said */
    atomic_int half;   /* the first write that fails takes half of its bytes before, as a full disk does */
    atomic_llong skip; /* so many calls that fit go through before */
    atomic_llong seen, hit;
    atomic_llong clock_ahead_ms;       /* added to the wall clock, armed or not */
    atomic_llong file_system;          /* what fstatfs() says of all, armed or not; 0: what is so */
    char pattern[INJECT_PATTERN_SIZE]; /* of the path, as fnmatch() reads it; changed only while not armed */
};

#endif
