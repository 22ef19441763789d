#include "console/sessions.h"

#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/base/sha256.h"

#include <string.h>

struct session {
    char *name; /* NULL: none */
    uint8_t cookie[SHA256_SIZE], seal[SHA256_SIZE];
    int64_t began, used;
};

struct sessions {
    struct session list[SESSIONS_MOST];
};

struct sessions *sessions_create(void)
{
    return memory_new(1, sizeof(struct sessions));
}

static void end(struct session *session)
{
    memory_free(&session->name);
    explicit_bzero(session, sizeof *session);
}

void sessions_destroy(struct sessions **sessions)
{
    if (!*sessions)
        return;
    for (size_t i = 0; i < SESSIONS_MOST; i++)
        end(&(*sessions)->list[i]);
    memory_free(sessions);
}

static bool is_over(const struct session *session, int64_t now)
{
    return now - session->used >= SESSION_IDLE_MS || now - session->began >= SESSION_LIFE_MS;
}

/* One without a name, or the one that goes for a new one. */
static struct session *make_room(struct sessions *sessions, const char *name, int64_t now)
{
    struct session *none = NULL, *oldest = NULL, *oldest_own = NULL;
    size_t own = 0;
    for (size_t i = 0; i < SESSIONS_MOST; i++) {
        struct session *session = &sessions->list[i];
        if (session->name && is_over(session, now))
            end(session);
        if (!session->name) {
            none = none ? none : session;
            continue;
        }
        if (!oldest || session->used < oldest->used)
            oldest = session;
        if (strcmp(session->name, name) != 0)
            continue;
        own++;
        if (!oldest_own || session->used < oldest_own->used)
            oldest_own = session;
    }
    return own >= SESSIONS_OF_ONE ? oldest_own : none ? none : oldest;
}

int sessions_open(struct sessions *sessions, const char *name, const uint8_t *seal, int64_t now,
                  char ret_cookie[SESSION_COOKIE_SIZE])
{
    if (random_hex(ret_cookie, SESSION_COOKIE_LENGTH) != 0)
        return ERR_IO;
    struct session *session = make_room(sessions, name, now);
    end(session);
    session->name = memory_string(name);
    session->began = session->used = now;
    memcpy(session->seal, seal, sizeof session->seal);
    sha256(ret_cookie, SESSION_COOKIE_LENGTH, session->cookie);
    return 0;
}

/* By hashes, so that how long it takes tells nothing of a cookie. */
static struct session *find(struct sessions *sessions, const char *cookie)
{
    uint8_t hash[SHA256_SIZE];
    sha256(cookie, strlen(cookie), hash);
    for (size_t i = 0; i < SESSIONS_MOST; i++)
        if (sessions->list[i].name && memcmp(sessions->list[i].cookie, hash, sizeof hash) == 0)
            return &sessions->list[i];
    return NULL;
}

const char *sessions_find(struct sessions *sessions, const char *cookie, int64_t now, bool is_used,
                          const uint8_t **ret_seal)
{
    struct session *session = find(sessions, cookie);
    if (!session)
        return NULL;
    if (is_over(session, now)) {
        end(session);
        return NULL;
    }
    if (is_used)
        session->used = now;
    *ret_seal = session->seal;
    return session->name;
}

void sessions_close(struct sessions *sessions, const char *cookie)
{
    struct session *session = find(sessions, cookie);
    if (session)
        end(session);
}

size_t sessions_count(const struct sessions *sessions)
{
    size_t count = 0;
    for (size_t i = 0; i < SESSIONS_MOST; i++)
        count += sessions->list[i].name != NULL;
    return count;
}
