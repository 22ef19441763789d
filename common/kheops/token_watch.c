#include "common/kheops/token_watch.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/fnv.h"
#include "common/base/memory.h"
#include "common/base/random.h"
#include "common/kheops/credentials.h"
#include "common/config/secret.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS_AT_ONCE = 2, FRESH_MS = 5000, PLACES_A_LOOK = 16, TELL_AGAIN_MS = 5000 };

struct waiter {
    introspection_done *done;
    void *context;
};

struct permission_waiter {
    token_permission_done *done;
    void *context;
};

/* One token. An entry outlives the configuration that named it while its question is under way. */
struct entry {
    struct token_watch *watch;
    struct entry *next;
    char *destination, *album;
    enum work_token_kind kind;
    bool configured;
    int64_t due_at;   /* monotonic */
    int64_t asked_at; /* monotonic: when the question was begun whose answer is known; -1: nothing is */
    int64_t asking_since;
    uint64_t subject; /* which token at which server it was last asked about, as a number; 0: none */
    uint64_t way;     /* by which certificates and proxy: whom one does not trust or reach, another may */
    bool begun;       /* it was asked about, or could not be */
    bool replaced;    /* the subject is another one than in the last report */
    struct introspection known;
    struct introspection_asker *asker;
    struct entry *asks_for_it; /* another place of the same token, whose answer it waits for */
    struct waiter *waiters;
    size_t waiter_count, waiter_capacity;
    int64_t serial;     /* of the report that the router has not answered; 0: none */
    uint64_t permitted; /* the subject that it permitted last; 0: none */
    char *reported;     /* id of the album of that report; "" when not told */
    char *opens;        /* the same of what was permitted */
    int64_t again_at;   /* monotonic: it may be told again then */
    struct permission_waiter *applicants;
    size_t applicant_count, applicant_capacity;
};

struct token_watch {
    int64_t (*clock_ms)(void);
    struct http *http;
    token_watch_report *report;
    void *context;
    const struct config *config;
    struct entry *entries;
    int asking;
    size_t looked;   /* places that the last looks got to */
    int64_t look_at; /* monotonic: the next one */
    uint64_t salt;   /* of subjects */
    int64_t serials; /* of reports, so far */
};

struct token_watch *token_watch_create(struct http *http, token_watch_report *report, void *context)
{
    struct token_watch *watch = memory_new(1, sizeof *watch);
    watch->http = http;
    watch->report = report;
    watch->context = context;
    watch->clock_ms = clock_monotonic_ms;
    watch->salt = random_below(UINT64_MAX);
    return watch;
}

void token_watch_set_clock(struct token_watch *watch, int64_t (*clock_ms)(void))
{
    watch->clock_ms = clock_ms;
}

static void free_entry(struct entry *entry)
{
    introspection_cancel(&entry->asker);
    introspection_release(&entry->known);
    free(entry->destination);
    free(entry->album);
    free(entry->reported);
    free(entry->opens);
    free(entry->waiters);
    free(entry->applicants);
    free(entry);
}

void token_watch_destroy(struct token_watch **watch)
{
    if (!*watch)
        return;
    for (struct entry *entry = (*watch)->entries, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    free(*watch);
    *watch = NULL;
}

/* ---- which tokens there are ---- */

static struct entry *entry_find(const struct token_watch *watch, const struct token_place *place)
{
    for (struct entry *entry = watch->entries; entry; entry = entry->next) {
        if (entry->kind == place->kind && strcmp(entry->destination, place->destination) == 0 &&
            strcmp(entry->album ? entry->album : "", place->album ? place->album : "") == 0)
            return entry;
    }
    return NULL;
}

static void entry_add(struct token_watch *watch, const char *destination, const char *album,
                      enum work_token_kind kind)
{
    struct entry *entry = entry_find(watch, &(struct token_place){destination, album, kind});
    if (!entry) {
        entry = memory_new(1, sizeof *entry);
        entry->watch = watch;
        entry->destination = memory_string(destination);
        entry->album = memory_string(album);
        entry->kind = kind;
        entry->next = watch->entries;
        watch->entries = entry;
    }
    entry->configured = true;
    entry->due_at = watch->clock_ms();
    entry->asked_at = -1;
}

static void watch_add_destination(struct token_watch *watch, const struct config_destination *destination,
                                  enum work_stage stage)
{
    if (stage == WORK_SEND && destination->kheops)
        entry_add(watch, destination->name, NULL, WORK_TOKEN_STOW);
    for (size_t i = 0; stage == WORK_SHARE && i < destination->album_count; i++) {
        entry_add(watch, destination->name, destination->albums[i].name, WORK_TOKEN_DESTINATION);
        entry_add(watch, destination->name, destination->albums[i].name, WORK_TOKEN_SOURCE);
    }
}

static bool is_busy(const struct entry *entry)
{
    return entry->asker || entry->asks_for_it;
}

static void drop_unconfigured(struct token_watch *watch)
{
    struct entry **link = &watch->entries;
    while (*link) {
        struct entry *entry = *link;
        if (entry->configured || is_busy(entry) || entry->applicant_count > 0) {
            link = &entry->next;
            continue;
        }
        *link = entry->next;
        free_entry(entry);
    }
}

void token_watch_configure(struct token_watch *watch, const struct config *config, enum work_stage stage)
{
    watch->config = config;
    for (struct entry *entry = watch->entries; entry; entry = entry->next)
        entry->configured = false;
    for (size_t i = 0; i < config->node_count; i++) {
        for (size_t j = 0; j < config->nodes[i].destination_count; j++)
            watch_add_destination(watch, &config->nodes[i].destinations[j], stage);
    }
    drop_unconfigured(watch);
}

/* ---- asking ---- */

/* What a question needs, from the configuration of now. */
static bool entry_prepare(const struct entry *entry, struct introspection_question *question,
                          struct text *token, struct text *proxy, struct text *reason)
{
    const struct config *config = entry->watch->config;
    const struct config_destination *destination = config_find_destination(config, entry->destination);
    const struct config_album *album =
        destination && entry->album ? config_find_album(destination, entry->album) : NULL;
    int code = -1;
    if (!destination || (entry->album && !album)) {
        text_append(reason, "the configuration does not name it any more");
        return false;
    }
    question->tls = credentials_tls(destination);
    question->http2 = destination->http2;
    question->api_url = album ? album->api_url : destination->api_url;
    if (!album) {
        struct credentials credentials;
        code = credentials_of_destination(destination, &credentials, reason);
        text_append(token, text_string(&credentials.token));
        credentials_wipe(&credentials);
    } else {
        code = credentials_of_token(
            entry->kind == WORK_TOKEN_SOURCE ? album->source_token : album->destination_token, token, reason);
    }
    if (code == 0)
        code = credentials_proxy(destination, proxy, reason);
    question->proxy = text_string(proxy);
    if (code == 0 && token->length == 0)
        text_append(reason, "the headers hold no token");
    return code == 0 && token->length > 0;
}

/* Those who wait now, the first one first: whoever asks again meanwhile waits for the next answer. */
static void tell_waiters(struct entry *entry, struct introspection *introspection)
{
    for (size_t left = entry->waiter_count; left > 0 && entry->waiter_count > 0; left--) {
        struct waiter waiter = entry->waiters[0];
        entry->waiter_count--;
        memmove(entry->waiters, entry->waiters + 1, entry->waiter_count * sizeof waiter);
        waiter.done(waiter.context, introspection);
    }
}

/* ---- permission ---- */

/* The same: the token may be another one by now, so that an applicant applies again. */
static void tell_applicants(struct entry *entry, enum token_permission permission, const char *sentence)
{
    for (size_t left = entry->applicant_count; left > 0 && entry->applicant_count > 0; left--) {
        struct permission_waiter applicant = entry->applicants[0];
        entry->applicant_count--;
        memmove(entry->applicants, entry->applicants + 1, entry->applicant_count * sizeof applicant);
        applicant.done(applicant.context, permission, sentence);
    }
}

static void tell_undecided(struct entry *entry)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    text_format(&sentence, "waits until KHEOPS can be asked which album its token opens: %s",
                text_string(&entry->known.trouble));
    tell_applicants(entry, TOKEN_UNDECIDED, text_string(&sentence));
}

void token_watch_permit(struct token_watch *watch, const struct work_permit *permit)
{
    struct entry *entry = watch->entries;
    while (entry && entry->serial != permit->serial)
        entry = entry->next;
    if (!entry)
        return;
    entry->serial = 0;
    entry->permitted = permit->allowed ? entry->subject : 0;
    free(entry->opens);
    entry->opens = memory_string(entry->reported);
    tell_applicants(entry, permit->allowed ? TOKEN_PERMITTED : TOKEN_REFUSED,
                    permit->reason ? permit->reason : "the router does not permit its token");
}

/* ---- answers ---- */

static bool is_told(const struct introspection *introspection)
{
    return introspection->state == INTROSPECTION_ACTIVE || introspection->state == INTROSPECTION_INACTIVE ||
           introspection->state == INTROSPECTION_PERSON;
}

/* Of a server that does not introspect only the router can know whether it did so before. What was permitted stays so
 * while something else answers. */
static bool is_reported(const struct entry *entry)
{
    bool unknown =
        entry->kind == WORK_TOKEN_STOW && entry->subject != 0 && entry->known.state == INTROSPECTION_UNKNOWN;
    return is_told(&entry->known) || (unknown && entry->subject != entry->permitted);
}

static void entry_report(struct entry *entry)
{
    const struct token_report report = {.place = {entry->destination, entry->album, entry->kind},
                                        .introspection = &entry->known,
                                        .replaced = entry->replaced,
                                        .serial = ++entry->watch->serials};
    entry->replaced = false;
    entry->serial = report.serial;
    free(entry->reported);
    bool told = entry->known.state == INTROSPECTION_ACTIVE && entry->known.album_id;
    entry->reported = memory_string(told ? entry->known.album_id : "");
    entry->watch->report(entry->watch->context, &report);
}

static void entry_keep(struct entry *entry, struct introspection *introspection)
{
    introspection_release(&entry->known);
    entry->known = *introspection;
    *introspection = (struct introspection){0};
    entry->asked_at = entry->asking_since;
    entry->due_at =
        entry->watch->clock_ms() + (is_told(&entry->known) ? TOKEN_WATCH_HOUR_MS : TOKEN_WATCH_OUTAGE_MS);
    if (is_reported(entry))
        entry_report(entry);
    else
        tell_undecided(entry);
}

/* What is known of one place of a token counts for another. */
static void entry_take_over(struct entry *entry, const struct entry *other)
{
    struct introspection copy;
    introspection_copy(&other->known, &copy);
    entry->asking_since = other->asking_since;
    entry_keep(entry, &copy);
    tell_waiters(entry, &entry->known);
}

static void entry_take_answer(void *context, struct introspection *introspection)
{
    struct entry *entry = context;
    entry->asker = NULL;
    entry->watch->asking--;
    entry_keep(entry, introspection);
    for (struct entry *other = entry->watch->entries; other; other = other->next) {
        if (other->asks_for_it != entry)
            continue;
        other->asks_for_it = NULL;
        entry_take_over(other, entry);
    }
    tell_waiters(entry, &entry->known);
    drop_unconfigured(entry->watch);
}

/* NULL is another text than an empty one. */
static uint64_t mix(uint64_t number, const char *text)
{
    return fnv_byte(fnv_byte(fnv_text(number, text ? text : ""), '\0'), text != NULL);
}

/* Of server and token. Kept instead of the token itself. */
static uint64_t subject_of(const struct token_watch *watch, const struct introspection_question *question)
{
    return mix(mix(watch->salt ^ FNV_START, question->api_url), question->token);
}

/* Of how the server is reached. */
static uint64_t way_of(const struct token_watch *watch, const struct introspection_question *question)
{
    const struct http_tls *tls = &question->tls;
    const char *const texts[] = {tls->ca_file,    tls->client_cert,
                                 tls->client_key, tls->insecure ? "insecure" : "",
                                 question->proxy, question->http2 ? "2" : ""};
    uint64_t way = watch->salt;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        way = mix(way, texts[i]);
    return way;
}

/* Another place of the same token, by the same way, which is asked about now, or was asked about at or after since. */
static struct entry *entry_find_other(const struct entry *entry, int64_t since)
{
    for (struct entry *other = entry->watch->entries; other; other = other->next) {
        bool known = other->asked_at >= 0 && other->asked_at >= since;
        bool same = other->subject == entry->subject && other->way == entry->way;
        if (other != entry && same && (other->asker || known))
            return other;
    }
    return NULL;
}

static void entry_ask(struct entry *entry, int64_t since)
{
    struct introspection_question question = {0};
    AUTO(secret_wipe) struct text proxy = TEXT_EMPTY;
    struct introspection unknown = {.state = INTROSPECTION_UNKNOWN};
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    entry->asking_since = entry->watch->clock_ms();
    if (!entry_prepare(entry, &question, &token, &proxy, &unknown.trouble)) {
        entry->subject = 0;
        entry->begun = true;
        unknown.scope = memory_string("");
        unknown.album_id = memory_string("");
        entry_keep(entry, &unknown);
        tell_waiters(entry, &entry->known);
        return;
    }
    text_release(&unknown.trouble);
    question.token = text_string(&token);
    uint64_t subject = subject_of(entry->watch, &question);
    if (subject != entry->subject) {
        entry->asked_at = -1; /* what is known is about another token, */
        entry->serial = 0;    /* and so is what the router may say */
        entry->replaced = entry->replaced || entry->begun;
    }
    entry->begun = true;
    entry->subject = subject;
    entry->way = way_of(entry->watch, &question);
    struct entry *other = entry_find_other(entry, since);
    if (other && other->asker) {
        entry->asks_for_it = other;
    } else if (other) {
        entry_take_over(entry, other);
    } else {
        entry->watch->asking++;
        introspection_ask(entry->watch->http, &question, entry_take_answer, entry, &entry->asker);
    }
}

/* ---- looking ---- */

/* The subject of the token that is at the place now; 0 when it cannot be told. */
static uint64_t subject_now(const struct entry *entry)
{
    struct introspection_question question = {0};
    AUTO(secret_wipe) struct text proxy = TEXT_EMPTY;
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!entry_prepare(entry, &question, &token, &proxy, &reason))
        return 0;
    question.token = text_string(&token);
    return subject_of(entry->watch, &question);
}

static void look_for_replaced(struct token_watch *watch, int64_t now)
{
    size_t place = 0, looked = 0;
    for (struct entry *entry = watch->entries; entry && looked < PLACES_A_LOOK; entry = entry->next) {
        if (place++ < watch->looked)
            continue;
        looked++;
        if (entry->configured && !is_busy(entry) && entry->due_at > now &&
            subject_now(entry) != entry->subject)
            entry->due_at = now;
    }
    watch->looked = looked == PLACES_A_LOOK ? place : 0;
    watch->look_at = now + TOKEN_WATCH_LOOK_MS;
}

void token_watch_turn(struct token_watch *watch)
{
    int64_t now = watch->clock_ms();
    if (now >= watch->look_at)
        look_for_replaced(watch, now);
    for (struct entry *entry = watch->entries; entry && watch->asking < QUESTIONS_AT_ONCE;
         entry = entry->next) {
        if (entry->configured && !is_busy(entry) && entry->due_at <= now)
            entry_ask(entry, entry->due_at - FRESH_MS);
    }
}

void token_watch_ask(struct token_watch *watch, const struct token_place *place, int64_t since,
                     introspection_done *done, void *context)
{
    struct entry *entry = entry_find(watch, place);
    if (!entry) {
        struct introspection unknown = {
            .state = INTROSPECTION_UNKNOWN, .scope = (char *)"", .album_id = (char *)""};
        done(context, &unknown);
        return;
    }
    if (!is_busy(entry) && entry->asked_at >= since) {
        done(context, &entry->known);
        return;
    }
    entry->waiters =
        memory_grow(entry->waiters, &entry->waiter_capacity, entry->waiter_count + 1, sizeof *entry->waiters);
    entry->waiters[entry->waiter_count++] = (struct waiter){done, context};
    if (!is_busy(entry))
        entry_ask(entry, since);
}

/* ---- permission, asked for ---- */

static uint64_t subject_at(const struct entry *entry, const char *token)
{
    const struct config_destination *destination =
        config_find_destination(entry->watch->config, entry->destination);
    const struct introspection_question question = {.api_url = destination ? destination->api_url : "",
                                                    .token = token};
    return destination ? subject_of(entry->watch, &question) : 0;
}

bool token_watch_allows(const struct token_watch *watch, const struct token_place *place, const char *token,
                        const char *permission)
{
    const struct entry *entry = entry_find(watch, place);
    bool told = entry && entry->asked_at >= 0 && entry->known.state == INTROSPECTION_ACTIVE &&
                subject_at(entry, token) == entry->subject;
    return !told || introspection_allows(&entry->known, permission);
}

const char *token_watch_album(const struct token_watch *watch, const struct token_place *place,
                              const char *token)
{
    const struct entry *entry = entry_find(watch, place);
    bool permitted = entry && entry->permitted != 0 && subject_at(entry, token) == entry->permitted;
    return permitted ? entry->opens : NULL;
}

void token_watch_ask_permission(struct token_watch *watch, const struct token_place *place, int64_t since,
                                token_permission_done *done, void *context)
{
    struct entry *entry = entry_find(watch, place);
    if (!entry) {
        done(context, TOKEN_UNDECIDED, "the configuration does not name the destination any more");
        return;
    }
    entry->applicants = memory_grow(entry->applicants, &entry->applicant_capacity, entry->applicant_count + 1,
                                    sizeof *entry->applicants);
    entry->applicants[entry->applicant_count++] = (struct permission_waiter){done, context};
    bool reported = entry->serial != 0 && (entry->asked_at >= since || subject_now(entry) == entry->subject);
    if (is_busy(entry) || reported)
        return; /* an answer is on its way */
    if (entry->asked_at >= since && is_told(&entry->known) && subject_now(entry) == entry->subject)
        entry_report(entry);
    else
        entry_ask(entry, since);
}

void token_watch_tell_again(struct token_watch *watch, const struct token_place *place)
{
    struct entry *entry = entry_find(watch, place);
    int64_t now = watch->clock_ms();
    if (!entry || is_busy(entry) || entry->serial != 0 || now < entry->again_at || !is_told(&entry->known) ||
        subject_now(entry) != entry->subject)
        return;
    entry->again_at = now + TELL_AGAIN_MS;
    entry_report(entry);
}

void token_watch_forget(struct token_watch *watch, const void *context)
{
    for (struct entry *entry = watch->entries; entry; entry = entry->next) {
        for (size_t i = entry->waiter_count; i-- > 0;) {
            if (entry->waiters[i].context == context)
                entry->waiters[i] = entry->waiters[--entry->waiter_count];
        }
        for (size_t i = entry->applicant_count; i-- > 0;) {
            if (entry->applicants[i].context == context)
                entry->applicants[i] = entry->applicants[--entry->applicant_count];
        }
    }
}
