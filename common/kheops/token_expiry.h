/* token_expiry - when a token ends, as far as anybody knows, so that it is renewed before.
 *
 * What introspection says counts first (KHEOPS says nothing of it; other servers may), then the date in the
 * configuration, else three months, KHEOPS's default, from when the token was seen first: a guess. One that
 * replaces another while no worker runs, with the same album and permissions, is not seen to be another: the guess stays.
 * A value; pure. */
#ifndef FELUCCA_KHEOPS_TOKEN_EXPIRY_H
#define FELUCCA_KHEOPS_TOKEN_EXPIRY_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOKEN_EXPIRY_DAYS = 14 /* before its end somebody is told */ };

#define TOKEN_EXPIRY_MAP(X) /* name, text, meaning */         \
    X(UNKNOWN, "unknown", "nothing is known of its end")      \
    X(SAID, "introspection", "the server says so")            \
    X(CONFIGURED, "configuration", "somebody wrote the date") \
    X(GUESSED, "guess", "three months after it was seen first")

enum token_expiry_source {
#define X(name, text, meaning) TOKEN_EXPIRY_##name,
    TOKEN_EXPIRY_MAP(X)
#undef X
};

struct token_expiry {
    enum token_expiry_source source;
    int64_t at;       /* wall ms; 0: not known */
    int64_t first_at; /* when it was seen first; 0: not known */
};

/* Times in wall ms, 0: not known. */
struct token_expiry token_expiry_of(int64_t said, int64_t configured, int64_t first_at);
const char *token_expiry_source_name(enum token_expiry_source source);

/* Whether it ends within TOKEN_EXPIRY_DAYS, or should have ended; then a sentence is appended: what ends when, and what to
 * do about it. name: "the destination_token of album research"; key: where its date belongs in the configuration. */
bool token_expiry_tell(const struct token_expiry *expiry, const char *name, const char *key, int64_t now,
                       struct text *out);

#endif
