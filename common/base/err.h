/* err - the one list of error codes.
 *
 * A function that can fail returns 0 or one of these negative numbers. An error that a person must act on
 * carries a sentence as well, written where it is known (see text.h). */
#ifndef FELUCCA_BASE_ERR_H
#define FELUCCA_BASE_ERR_H

#define ERR_MAP(X) /* name, number, text */    \
    X(NOMEM, -1, "out of memory")              \
    X(IO, -2, "input/output error")            \
    X(NOSPACE, -3, "no space left")            \
    X(EXISTS, -4, "exists already")            \
    X(ABSENT, -5, "not there")                 \
    X(SYNTAX, -6, "not well-formed")           \
    X(RANGE, -7, "out of range")               \
    X(DB, -8, "database error")                \
    X(AGAIN, -9, "try again later")            \
    X(LOCKED, -10, "held by another process")  \
    X(DENIED, -11, "not permitted")            \
    X(CONFIG, -12, "bad configuration")        \
    X(NETWORK, -13, "network error")           \
    X(VERSION, -14, "of a newer version")      \
    X(DAMAGED, -15, "damaged")                 \
    X(OVERFULL, -16, "too much in quarantine") \
    X(TOO_LONG, -17, "takes too long")

enum err {
#define X(name, number, text) ERR_##name = number,
    ERR_MAP(X)
#undef X
};

/* The text of an error code, never NULL. Borrowed for ever. */
const char *err_text(int code);

/* The error code that fits an errno value; never 0. */
int err_from_errno(int error_number);

#endif
