/* token_verdict - what is wrong with a token at its place, and what to do about it: the one table of what
 * each kind must be able to do, and the one place for the sentences.
 *
 * The STOW token must write. A destination token must write, in another album than the STOW token. A source
 * token must read and send, out of the album that the STOW token writes to. */
#ifndef FELUCCA_KHEOPS_TOKEN_VERDICT_H
#define FELUCCA_KHEOPS_TOKEN_VERDICT_H

#include "common/kheops/introspection.h"
#include "common/wire/work.h"

/* "the source token", for sentences; "read send". Borrowed for ever. */
const char *token_name(enum work_token_kind kind);
const char *token_permissions(enum work_token_kind kind);

/* Appends what is wrong; false, and nothing is appended, when nothing is, or nothing can be said. name: how
 * the sentence calls the token. stow_album: id of the album that the destination's STOW token writes to, ""
 * or NULL when it is not known. */
bool token_verdict(enum work_token_kind kind, const char *name, const struct introspection *introspection,
                   const char *stow_album, struct text *ret_sentence);

#endif
