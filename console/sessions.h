/* sessions - who has signed in, until he signs out, is away for too long, or somebody else needs the room.
 *
 * A session is a random number in a cookie; here is its hash alone. There are SESSIONS_MOST, and SESSIONS_OF_ONE of one
 * name: the one that was used least lately goes for a new one. In memory: with the process all end. Times are monotonic ms. */
#ifndef FELUCCA_CONSOLE_SESSIONS_H
#define FELUCCA_CONSOLE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SESSIONS_MOST = 256,
    SESSIONS_OF_ONE = 8,
    SESSION_IDLE_MS = 30 * 60 * 1000,
    SESSION_LIFE_MS = 12 * 60 * 60 * 1000,
    SESSION_COOKIE_LENGTH = 64,
    SESSION_COOKIE_SIZE = SESSION_COOKIE_LENGTH + 1
};

struct sessions;

struct sessions *sessions_create(void);
void sessions_destroy(struct sessions **sessions);

/* A new one of a name; seal: what it depends on (of the user's row), a hash of 32 bytes. Writes the cookie. 0 or ERR_IO. */
int sessions_open(struct sessions *sessions, const char *name, const uint8_t *seal, int64_t now,
                  char ret_cookie[SESSION_COOKIE_SIZE]);

/* The name of the session that the cookie is, borrowed until the next call; NULL: there is none, or its time is over. Its seal, 32
 * bytes, borrowed as long. is_used: a person did something, so that its idle time begins anew. */
const char *sessions_find(struct sessions *sessions, const char *cookie, int64_t now, bool is_used,
                          const uint8_t **ret_seal);

void sessions_close(struct sessions *sessions, const char *cookie);
/* How many there are. */
size_t sessions_count(const struct sessions *sessions);

#endif
