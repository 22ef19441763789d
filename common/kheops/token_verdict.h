/* token_verdict - what is wrong with a token at its place, and what to do about it: the one table of what
 * each kind must be able to do, and the one place for the sentences.
 *
 * The STOW token must write, into the album that the destination's deliveries went to so far, and not into one
 * of the destination's own albums. A destination token must write, in another album than the one that the
 * destination writes to. A source token must read and send, out of that one. */
#ifndef FELUCCA_KHEOPS_TOKEN_VERDICT_H
#define FELUCCA_KHEOPS_TOKEN_VERDICT_H

#include "common/kheops/introspection.h"
#include "common/wire/work.h"

/* "the source token", for sentences; "read send". Borrowed for ever. */
const char *token_name(enum work_token_kind kind);
const char *token_permissions(enum work_token_kind kind);

/* What is known around a token. NULL or "": it is not known, or there is none. */
struct token_place_facts {
    const char *written;     /* album tokens: id of the album that the destination writes to */
    const char *home;        /* STOW token: id of the album that deliveries went to so far */
    const char *own;         /* STOW token: name of the destination's own album that opens the same one */
    const char *destination; /* its name */
};

enum token_verdict {
    TOKEN_FINE,     /* or nothing can be said */
    TOKEN_USELESS,  /* inactive, or it lacks a permission: KHEOPS refuses it */
    TOKEN_MISPLACED /* KHEOPS may take it, for the wrong album: it must not be used here */
};

/* Unless it is fine: appends what is wrong and what to do. name: how the sentence calls the token. */
enum token_verdict token_verdict(enum work_token_kind kind, const char *name,
                                 const struct introspection *introspection,
                                 const struct token_place_facts *facts, struct text *ret_sentence);

#endif
