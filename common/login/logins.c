#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/fnv.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/config/secret.h"
#include "common/config/url.h"
#include "common/login/kinds.h"
#include "common/login/oauth2.h"

#include <stdlib.h>
#include <string.h>

enum { SECOND_MS = 1000 };

struct waiter {
    login_done *done;
    void *context;
};

/* The token of one place. */
struct holder {
    struct logins *logins;
    struct holder *next;
    char *name;
    bool is_webhook;
    uint64_t subject; /* how it logs in, as a number */
    char *server;     /* of the transfer */
    bool keyed;       /* the same */
    int64_t asked_at; /* the same */
    struct text token;
    int64_t ends_at, renew_at; /* on the clock of logins */
    bool used;                 /* since it came */
    bool taken;                /* by the server that it is for */
    bool renewed;              /* the one before was refused there */
    struct http_transfer *transfer;
    enum login_verdict verdict; /* of the last answer, with its sentence */
    struct text sentence;
    int failures; /* in a row */
    int64_t rest_until;
    struct waiter *waiters;
    size_t waiter_count, waiter_capacity;
};

struct logins {
    struct http *http;
    const struct config *config;
    int64_t (*clock_ms)(void);
    struct holder *holders;
};

struct logins *logins_create(struct http *http)
{
    struct logins *logins = memory_new(1, sizeof *logins);
    logins->http = http;
    logins->clock_ms = clock_monotonic_ms;
    return logins;
}

void logins_set_clock(struct logins *logins, int64_t (*clock_ms)(void))
{
    logins->clock_ms = clock_ms;
}

static void forget_token(struct holder *holder)
{
    secret_wipe(&holder->token);
    holder->used = holder->taken = false;
}

static void release(struct holder *holder)
{
    http_cancel(&holder->transfer);
    forget_token(holder);
    text_release(&holder->sentence);
    free(holder->name);
    free(holder->server);
    free(holder->waiters);
    free(holder);
}

void logins_destroy(struct logins **logins)
{
    struct holder *next;
    if (!*logins)
        return;
    for (struct holder *holder = (*logins)->holders; holder; holder = next) {
        next = holder->next;
        release(holder);
    }
    memory_free(logins);
}

/* ---- who holds what ---- */

static uint64_t subject_of(const struct login_place *place)
{
    const struct config_auth *auth = place->auth;
    const char *const texts[] = {auth->token_url,     auth->client_id,
                                 auth->client_secret, auth->scope,
                                 auth->audience,      auth->key,
                                 auth->key_id,        auth->assertion_audience,
                                 auth->ca_file,       place->destination ? place->destination->proxy : NULL};
    uint64_t subject = fnv_number(FNV_START, auth->secret_in + 16 * auth->assertion + 256 * auth->algorithm);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        subject = fnv_byte(fnv_byte(fnv_text(subject, texts[i] ? texts[i] : ""), '\0'), texts[i] != NULL);
    return subject;
}

static void begin_anew(struct holder *holder, uint64_t subject)
{
    http_cancel(&holder->transfer);
    forget_token(holder);
    text_clear(&holder->sentence);
    holder->verdict = LOGIN_FINE;
    holder->renewed = false;
    holder->failures = 0;
    holder->rest_until = 0;
    holder->subject = subject;
}

static struct holder *find_holder(const struct logins *logins, const struct login_place *place)
{
    struct holder *holder = logins->holders;
    while (holder && (holder->is_webhook != !place->destination || strcmp(holder->name, place->name) != 0))
        holder = holder->next;
    return holder;
}

static void begin(struct holder *holder, const struct login_place *place);

/* The place's own; what it was given under another login is forgotten. */
static struct holder *holder_of(struct logins *logins, const struct login_place *place)
{
    uint64_t subject = subject_of(place);
    struct holder *holder = find_holder(logins, place);
    if (!holder) {
        holder = memory_new(1, sizeof *holder);
        *holder = (struct holder){.logins = logins,
                                  .next = logins->holders,
                                  .name = memory_string(place->name),
                                  .is_webhook = !place->destination,
                                  .subject = subject};
        logins->holders = holder;
    }
    if (holder->subject != subject) {
        begin_anew(holder, subject);
        if (holder->waiter_count > 0)
            begin(holder, place);
    }
    return holder;
}

/* Where it is in the configuration now; false: nowhere, or not with such a login. */
static bool find_place(const struct holder *holder, struct login_place *ret_place)
{
    const struct config *config = holder->logins->config;
    const struct config_webhook *webhook =
        holder->is_webhook ? config_find_webhook(config, holder->name) : NULL;
    const struct config_destination *destination =
        holder->is_webhook ? NULL : config_find_destination(config, holder->name);
    if (webhook)
        *ret_place = login_place_of_webhook(webhook);
    else if (destination)
        *ret_place = login_place_of(destination);
    return (webhook || destination) && ret_place->auth->type == CONFIG_AUTH_OAUTH2;
}

/* One for which somebody waits is told first. */
void logins_configure(struct logins *logins, const struct config *config)
{
    struct holder **link = &logins->holders;
    logins->config = config;
    while (*link) {
        struct holder *holder = *link;
        struct login_place place;
        if (holder->waiter_count > 0 || find_place(holder, &place)) {
            holder->rest_until = 0; /* somebody may have mended it */
            holder->failures = 0;
            link = &holder->next;
            continue;
        }
        *link = holder->next;
        release(holder);
    }
}

/* ---- asking ---- */

/* Those who wait now: whoever asks again meanwhile waits for the next answer. */
static void tell_waiters(struct holder *holder)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    enum login_verdict verdict = holder->verdict;
    text_append(&sentence, text_string(&holder->sentence));
    for (size_t left = holder->waiter_count; left > 0 && holder->waiter_count > 0; left--) {
        struct waiter waiter = holder->waiters[0];
        holder->waiter_count--;
        memmove(holder->waiters, holder->waiters + 1, holder->waiter_count * sizeof waiter);
        waiter.done(waiter.context, verdict, text_string(&sentence));
    }
}

/* Of a life that is told in seconds the last one may be missing: tokens say their end in whole ones, too, and it counts from
 * the question. */
static int64_t sure_life(int64_t life_ms)
{
    return life_ms >= 2 * SECOND_MS ? life_ms - SECOND_MS : life_ms / 2;
}

/* A tenth of its life before its end, and up to as much sooner. Nobody shows it in the last twentieth, which is the way
 * to the server. */
static void take_token(struct holder *holder, struct oauth2_answer *answer)
{
    int64_t life = sure_life(answer->life_ms), end = holder->asked_at + life;
    int64_t ahead = life / 10 < LOGIN_AHEAD_MOST_MS ? life / 10 : LOGIN_AHEAD_MOST_MS;
    forget_token(holder);
    holder->token = answer->token;
    answer->token = (struct text)TEXT_EMPTY;
    holder->ends_at = end - ahead / 2;
    holder->renew_at = end - ahead - (int64_t)random_below((uint64_t)ahead + 1);
    holder->failures = 0;
    holder->rest_until = 0;
}

static void note_failure(struct holder *holder)
{
    int64_t rest = LOGIN_REST_MS;
    for (int i = 0; i < holder->failures && rest < LOGIN_REST_MOST_MS; i++)
        rest *= 2;
    holder->failures++;
    holder->rest_until = holder->logins->clock_ms() + (rest < LOGIN_REST_MOST_MS ? rest : LOGIN_REST_MOST_MS);
}

static void keep(struct holder *holder, struct oauth2_answer *answer)
{
    holder->verdict = answer->verdict;
    text_clear(&holder->sentence);
    text_append(&holder->sentence, text_string(&answer->sentence));
    if (answer->verdict == LOGIN_FINE)
        take_token(holder, answer);
    else
        note_failure(holder);
    tell_waiters(holder);
}

static void take_answer(void *context, struct http_answer *answer)
{
    struct holder *holder = context;
    AUTO(oauth2_answer_wipe) struct oauth2_answer read;
    holder->transfer = NULL;
    oauth2_read(answer, holder->server, holder->keyed, &read);
    keep(holder, &read);
}

static void begin(struct holder *holder, const struct login_place *place)
{
    AUTO(oauth2_answer_wipe) struct oauth2_answer unasked = {.verdict = LOGIN_REFUSED};
    struct logins *logins = holder->logins;
    holder->asked_at = logins->clock_ms();
    free(holder->server);
    holder->server = config_url_origin(place->auth->token_url);
    holder->keyed = place->auth->key != NULL;
    if (oauth2_start(logins->http, place, clock_wall_ms(), take_answer, holder, &holder->transfer,
                     &unasked.sentence) != 0)
        keep(holder, &unasked);
}

/* ---- the kind ---- */

static bool has_token(const struct holder *holder)
{
    return holder->token.length > 0 && holder->logins->clock_ms() < holder->ends_at;
}

static bool rests(const struct holder *holder)
{
    return holder->rest_until > holder->logins->clock_ms();
}

int login_fill_oauth2(struct logins *logins, const struct login_place *place, struct credentials *credentials,
                      struct text *reason)
{
    struct holder *holder = holder_of(logins, place);
    (void)reason;
    if (!has_token(holder))
        return LOGIN_WAITS;
    holder->used = true;
    login_add_authorization(credentials, "Bearer", text_string(&holder->token));
    return 0;
}

void login_ask(struct logins *logins, const struct login_place *place, login_done *done, void *context)
{
    struct holder *holder = place->auth->type == CONFIG_AUTH_OAUTH2 ? holder_of(logins, place) : NULL;
    if (!holder || has_token(holder)) {
        done(context, LOGIN_FINE, "");
        return;
    }
    holder->waiters = memory_grow(holder->waiters, &holder->waiter_capacity, holder->waiter_count + 1,
                                  sizeof *holder->waiters);
    holder->waiters[holder->waiter_count++] = (struct waiter){done, context};
    if (holder->transfer)
        return;
    if (rests(holder))
        tell_waiters(holder);
    else
        begin(holder, place);
}

void login_forget(struct logins *logins, const void *context)
{
    for (struct holder *holder = logins->holders; holder; holder = holder->next) {
        size_t kept = 0;
        for (size_t i = 0; i < holder->waiter_count; i++)
            if (holder->waiters[i].context != context)
                holder->waiters[kept++] = holder->waiters[i];
        holder->waiter_count = kept;
    }
}

/* ---- what the server says ---- */

static bool is_its(const struct holder *holder, const char *token)
{
    return strcmp(text_string(&holder->token), token) == 0;
}

bool login_renew(struct logins *logins, const struct login_place *place, const char *token)
{
    if (place->auth->type != CONFIG_AUTH_OAUTH2)
        return false;
    struct holder *holder = holder_of(logins, place);
    if (!is_its(holder, token))
        return true;
    bool again = holder->taken || !holder->renewed;
    forget_token(holder);
    holder->renewed = true;
    return again;
}

void login_taken(struct logins *logins, const struct login_place *place, const char *token)
{
    struct holder *holder = place->auth->type == CONFIG_AUTH_OAUTH2 ? find_holder(logins, place) : NULL;
    if (!holder || !is_its(holder, token))
        return;
    holder->taken = true;
    holder->renewed = false;
}

bool login_is_well(struct logins *logins, const struct login_place *place)
{
    if (place->auth->type != CONFIG_AUTH_OAUTH2)
        return true;
    struct holder *holder = holder_of(logins, place);
    if (has_token(holder) || holder->verdict == LOGIN_FINE)
        return true;
    if (!holder->transfer && !rests(holder))
        begin(holder, place);
    return false;
}

void logins_turn(struct logins *logins)
{
    struct login_place place;
    for (struct holder *holder = logins->holders; holder; holder = holder->next) {
        bool due = holder->used && holder->token.length > 0 && logins->clock_ms() >= holder->renew_at;
        if (due && !holder->transfer && !rests(holder) && find_place(holder, &place) &&
            subject_of(&place) == holder->subject)
            begin(holder, &place);
    }
}
