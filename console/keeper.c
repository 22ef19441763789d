#include "console/keeper.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/base/sha256.h"
#include "common/config/network.h"
#include "common/users/users.h"
#include "console/header.h"
#include "console/sessions.h"
#include "console/tries.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_SIZE = 32 };

struct keeper {
    uint8_t key[KEY_SIZE]; /* of the forms' tokens */
    pthread_mutex_t
        signing; /* one signs in at a time: what a password costs is bounded, and tries are counted; taken first */
    struct tries *tries;   /* its own */
    pthread_mutex_t mutex; /* of what follows */
    struct sessions *sessions;
    struct users *users; /* NULL: none could be read */
    char *path;          /* where these are from */
    struct stat seen;
};

struct keeper *keeper_create(void)
{
    struct keeper *keeper = memory_new(1, sizeof *keeper);
    keeper->sessions = sessions_create();
    keeper->tries = tries_create();
    (void)pthread_mutex_init(&keeper->signing, NULL);
    (void)pthread_mutex_init(&keeper->mutex, NULL);
    if (random_bytes(keeper->key, sizeof keeper->key) != 0)
        abort();
    return keeper;
}

void keeper_destroy(struct keeper **keeper)
{
    if (!*keeper)
        return;
    sessions_destroy(&(*keeper)->sessions);
    tries_destroy(&(*keeper)->tries);
    users_destroy(&(*keeper)->users);
    memory_free(&(*keeper)->path);
    (void)pthread_mutex_destroy(&(*keeper)->signing);
    (void)pthread_mutex_destroy(&(*keeper)->mutex);
    explicit_bzero((*keeper)->key, KEY_SIZE);
    memory_free(keeper);
}

/* ---- the users' file ---- */

static bool is_unchanged(const struct keeper *keeper, const char *path, const struct stat *now)
{
    const struct stat *seen = &keeper->seen;
    return keeper->path && strcmp(keeper->path, path) == 0 && seen->st_dev == now->st_dev &&
           seen->st_ino == now->st_ino && seen->st_size == now->st_size &&
           seen->st_mtim.tv_sec == now->st_mtim.tv_sec && seen->st_mtim.tv_nsec == now->st_mtim.tv_nsec &&
           seen->st_ctim.tv_sec == now->st_ctim.tv_sec && seen->st_ctim.tv_nsec == now->st_ctim.tv_nsec;
}

/* While the mutex is held. */
static int read_users(struct keeper *keeper, const struct config *config, struct text *reason)
{
    const char *path = config->console.users;
    struct stat now = {0};
    if (!path) {
        users_destroy(&keeper->users);
        memory_free(&keeper->path);
        return 0;
    }
    (void)stat(path, &now);
    if (is_unchanged(keeper, path, &now))
        return 0;
    users_destroy(&keeper->users);
    memory_free(&keeper->path);
    keeper->path = memory_string(path);
    keeper->seen = now;
    return users_read(path, &keeper->users, reason);
}

int keeper_read_users(struct keeper *keeper, const struct config *config, struct text *reason)
{
    (void)pthread_mutex_lock(&keeper->mutex);
    int code = read_users(keeper, config, reason);
    (void)pthread_mutex_unlock(&keeper->mutex);
    return code;
}

/* While the mutex is held. A file that is no good any more lets nobody in, which is logged once. */
static const struct users_row *find_user(struct keeper *keeper, const struct config *config, const char *name)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (read_users(keeper, config, &reason) != 0)
        log_error("the users' file cannot be read, nobody signs in", LOG_S("reason", text_string(&reason)));
    return keeper->users ? users_find(keeper->users, name) : NULL;
}

/* What a session depends on: another password is another one. */
static void seal_of(const struct users_row *row, uint8_t ret_seal[SHA256_SIZE])
{
    sha256(row->hash, strlen(row->hash), ret_seal);
}

/* ---- tokens of forms ---- */

static void write_token(const struct keeper *keeper, const char *kind, const char *of, char *ret_token)
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    uint8_t digest[SHA256_SIZE];
    text_format(&whole, "%s %s", kind, of);
    sha256_hmac(keeper->key, KEY_SIZE, text_string(&whole), whole.length, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        (void)snprintf(ret_token + 2 * i, 3, "%02x", digest[i]);
}

bool keeper_is_own_form(const struct who *who, const char *token)
{
    unsigned char difference = 0;
    if (!*who->token || !token || strlen(token) != strlen(who->token))
        return false;
    for (size_t i = 0; who->token[i]; i++)
        difference |= (unsigned char)(who->token[i] ^ token[i]);
    return difference == 0;
}

bool keeper_is_own_page(const struct web_request *request)
{
    const char *site = web_request_header(request, "Sec-Fetch-Site"),
               *origin = web_request_header(request, "Origin"), *host = web_request_header(request, "Host");
    if ((!site && !origin) || web_request_header_count(request, "Origin") > 1 || !host)
        return false;
    if (site && strcmp(site, "same-origin") != 0)
        return false;
    if (!origin)
        return true;
    const char *begin = strstr(origin, "://");
    size_t scheme = begin ? (size_t)(begin - origin) : 0;
    bool is_web =
        (scheme == 4 && strncmp(origin, "http", 4) == 0) || (scheme == 5 && strncmp(origin, "https", 5) == 0);
    return is_web && strcasecmp(begin + 3, host) == 0;
}

/* ---- cookies ---- */

/* With the prefix a browser takes it over HTTPS alone, and from this host. */
static const char *cookie_name(const struct config *config)
{
    return config->console.certificate_file ? "__Host-felucca" : "felucca";
}

static void append_cookie(const struct config *config, const char *value, const char *more, struct text *out)
{
    text_format(out, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", cookie_name(config), value,
                config->console.certificate_file ? "; Secure" : "", more);
}

static bool take_cookie(const struct config *config, const struct web_request *request,
                        struct text *ret_value)
{
    const char *header = web_request_header(request, "Cookie");
    return header && web_request_header_count(request, "Cookie") == 1 &&
           header_find_cookie(header, cookie_name(config), ret_value);
}

/* ---- who it is ---- */

/* While the mutex is held. */
static void find_session(struct keeper *keeper, const struct config *config, const char *cookie, bool is_used,
                         struct who *ret_who)
{
    const uint8_t *seal;
    uint8_t now_seal[SHA256_SIZE];
    const char *name = sessions_find(keeper->sessions, cookie, clock_monotonic_ms(), is_used, &seal);
    const struct users_row *row = name ? find_user(keeper, config, name) : NULL;
    if (row)
        seal_of(row, now_seal);
    if (!row || memcmp(seal, now_seal, sizeof now_seal) != 0) {
        sessions_close(keeper->sessions, cookie);
        return;
    }
    ret_who->by = WHO_SIGNED_IN;
    ret_who->is_operator = row->role == USERS_OPERATOR;
    (void)snprintf(ret_who->name, sizeof ret_who->name, "%s", name);
    write_token(keeper, "session", cookie, ret_who->token);
}

static void recognize_session(struct keeper *keeper, const struct config *config,
                              const struct web_request *request, struct who *ret_who)
{
    AUTO(text_release) struct text cookie = TEXT_EMPTY;
    bool is_used = !web_request_header(request, "X-Felucca-Refresh");
    if (!take_cookie(config, request, &cookie))
        return;
    (void)pthread_mutex_lock(&keeper->mutex);
    find_session(keeper, config, text_string(&cookie), is_used, ret_who);
    (void)pthread_mutex_unlock(&keeper->mutex);
}

/* A name that people can read, and that fits. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length >= WHO_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

static void recognize_sent_on(const struct keeper *keeper, const struct config *config,
                              const struct web_request *request, struct who *ret_who)
{
    const struct config_trusted_proxy *proxy = &config->console.trusted_proxy;
    const char *name = web_request_header(request, proxy->user_header);
    const char *groups = proxy->groups_header ? web_request_header(request, proxy->groups_header) : NULL;
    if (!name || web_request_header_count(request, proxy->user_header) != 1 || !is_name(name))
        return;
    ret_who->by = WHO_SENT_ON;
    (void)snprintf(ret_who->name, sizeof ret_who->name, "%s", name);
    ret_who->is_operator = groups && proxy->operators &&
                           web_request_header_count(request, proxy->groups_header) == 1 &&
                           header_has_word(groups, proxy->operators);
    write_token(keeper, "proxy", name, ret_who->token);
}

void keeper_recognize(struct keeper *keeper, const struct config *config, const struct web_request *request,
                      struct who *ret_who)
{
    *ret_who = (struct who){.by = config_console_knows_people(config) ? WHO_NOBODY : WHO_ANYBODY};
    if (ret_who->by == WHO_ANYBODY) {
        write_token(keeper, "anybody", "", ret_who->token);
        return;
    }
    if (config_is_trusted_proxy(config, request->address))
        recognize_sent_on(keeper, config, request, ret_who);
    if (ret_who->by == WHO_NOBODY && config->console.users)
        recognize_session(keeper, config, request, ret_who);
}

bool keeper_write_person(const struct keeper *keeper, const struct who *who, unsigned char *ret_person)
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    uint8_t digest[SHA256_SIZE];
    if (who->by != WHO_SIGNED_IN && who->by != WHO_SENT_ON)
        return false;
    text_format(&whole, "person %s", who->name);
    sha256_hmac(keeper->key, KEY_SIZE, text_string(&whole), whole.length, digest);
    memcpy(ret_person, digest, WEB_PERSON_SIZE);
    return true;
}

/* ---- in and out ---- */

/* A copy, since the file may be read again while the password is tried. False: there is none. */
static bool copy_user(struct keeper *keeper, const struct config *config, const char *name,
                      struct users_row *ret_row)
{
    (void)pthread_mutex_lock(&keeper->mutex);
    const struct users_row *row = find_user(keeper, config, name);
    if (row)
        *ret_row = (struct users_row){memory_string(row->name), memory_string(row->hash), row->role};
    (void)pthread_mutex_unlock(&keeper->mutex);
    return row != NULL;
}

static void release_user(struct users_row *row)
{
    memory_free(&row->name);
    memory_free(&row->hash);
}

/* While nobody else signs in. */
static enum keeper_answer sign_in(struct keeper *keeper, const struct config *config,
                                  const struct web_request *request, const char *name, const char *password,
                                  struct text *ret_cookie, int64_t *ret_wait_ms)
{
    int64_t now = clock_monotonic_ms();
    char cookie[SESSION_COOKIE_SIZE];
    uint8_t seal[SHA256_SIZE];
    AUTO(release_user) struct users_row row = {0};
    *ret_wait_ms = tries_wait_ms(keeper->tries, request->address, name, now);
    if (*ret_wait_ms > 0)
        return KEEPER_WAIT;
    bool is_known = copy_user(keeper, config, name, &row);
    if (!users_verify(is_known ? &row : NULL, password)) {
        tries_add(keeper->tries, request->address, name, now);
        log_warning("a sign-in was refused", LOG_S("known", is_known ? "yes" : "no"));
        return KEEPER_WRONG;
    }
    seal_of(&row, seal);
    (void)pthread_mutex_lock(&keeper->mutex);
    int code = sessions_open(keeper->sessions, name, seal, now, cookie);
    (void)pthread_mutex_unlock(&keeper->mutex);
    if (code != 0)
        return KEEPER_WRONG;
    log_info("signed in", LOG_S("user", name), LOG_S("role", users_role_name(row.role)));
    append_cookie(config, cookie, "", ret_cookie);
    return KEEPER_IN;
}

enum keeper_answer keeper_sign_in(struct keeper *keeper, const struct config *config,
                                  const struct web_request *request, const char *name, const char *password,
                                  struct text *ret_cookie, int64_t *ret_wait_ms)
{
    (void)pthread_mutex_lock(&keeper->signing);
    enum keeper_answer answer = sign_in(keeper, config, request, name, password, ret_cookie, ret_wait_ms);
    (void)pthread_mutex_unlock(&keeper->signing);
    return answer;
}

void keeper_sign_out(struct keeper *keeper, const struct config *config, const struct web_request *request,
                     struct text *ret_cookie)
{
    AUTO(text_release) struct text cookie = TEXT_EMPTY;
    (void)pthread_mutex_lock(&keeper->mutex);
    if (take_cookie(config, request, &cookie))
        sessions_close(keeper->sessions, text_string(&cookie));
    (void)pthread_mutex_unlock(&keeper->mutex);
    append_cookie(config, "", "; Max-Age=0", ret_cookie);
}
