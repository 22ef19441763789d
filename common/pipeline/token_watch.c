#include "common/pipeline/token_watch.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/pipeline/credentials.h"
#include "common/pipeline/secret.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS_AT_ONCE = 2 };

struct waiter {
    introspection_done *done;
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
    struct introspection known;
    struct introspection_asker *asker;
    struct waiter *waiters;
    size_t waiter_count, waiter_capacity;
};

struct token_watch {
    struct http *http;
    token_watch_report *report;
    void *context;
    const struct config *config;
    struct entry *entries;
    int asking;
};

struct token_watch *token_watch_create(struct http *http, token_watch_report *report, void *context)
{
    struct token_watch *watch = memory_new(1, sizeof *watch);
    watch->http = http;
    watch->report = report;
    watch->context = context;
    return watch;
}

static void free_entry(struct entry *entry)
{
    introspection_cancel(&entry->asker);
    introspection_release(&entry->known);
    free(entry->destination);
    free(entry->album);
    free(entry->waiters);
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

static struct entry *find(const struct token_watch *watch, const struct token_place *place)
{
    for (struct entry *entry = watch->entries; entry; entry = entry->next) {
        if (entry->kind == place->kind && strcmp(entry->destination, place->destination) == 0 &&
            strcmp(entry->album ? entry->album : "", place->album ? place->album : "") == 0)
            return entry;
    }
    return NULL;
}

static void add(struct token_watch *watch, const char *destination, const char *album,
                enum work_token_kind kind)
{
    struct entry *entry = find(watch, &(struct token_place){destination, album, kind});
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
    entry->due_at = clock_monotonic_ms();
    entry->asked_at = -1;
}

static void add_destination(struct token_watch *watch, const struct config_destination *destination,
                            enum work_stage stage)
{
    if (stage == WORK_SEND && destination->kheops)
        add(watch, destination->name, NULL, WORK_TOKEN_STOW);
    for (size_t i = 0; stage == WORK_SHARE && i < destination->album_count; i++) {
        add(watch, destination->name, destination->albums[i].name, WORK_TOKEN_DESTINATION);
        add(watch, destination->name, destination->albums[i].name, WORK_TOKEN_SOURCE);
    }
}

static void drop_unconfigured(struct token_watch *watch)
{
    struct entry **link = &watch->entries;
    while (*link) {
        struct entry *entry = *link;
        if (entry->configured || entry->asker) {
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
            add_destination(watch, &config->nodes[i].destinations[j], stage);
    }
    drop_unconfigured(watch);
}

/* ---- asking ---- */

/* What a question needs, from the configuration of now. */
static bool prepare(const struct entry *entry, struct introspection_question *question, struct text *token,
                    struct text *reason)
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
    if (code == 0 && token->length == 0)
        text_append(reason, "the headers hold no token");
    return code == 0 && token->length > 0;
}

static void tell_waiters(struct entry *entry, struct introspection *introspection)
{
    while (entry->waiter_count > 0) {
        struct waiter waiter = entry->waiters[--entry->waiter_count];
        waiter.done(waiter.context, introspection);
    }
}

static void keep(struct entry *entry, struct introspection *introspection)
{
    bool said =
        introspection->state == INTROSPECTION_ACTIVE || introspection->state == INTROSPECTION_INACTIVE;
    introspection_release(&entry->known);
    entry->known = *introspection;
    *introspection = (struct introspection){0};
    entry->asked_at = entry->asking_since;
    entry->due_at = clock_monotonic_ms() + (said ? TOKEN_WATCH_HOUR_MS : TOKEN_WATCH_OUTAGE_MS);
    if (said)
        entry->watch->report(entry->watch->context,
                             &(struct token_place){entry->destination, entry->album, entry->kind},
                             &entry->known);
}

static void take_answer(void *context, struct introspection *introspection)
{
    struct entry *entry = context;
    entry->asker = NULL;
    entry->watch->asking--;
    keep(entry, introspection);
    tell_waiters(entry, &entry->known);
    drop_unconfigured(entry->watch);
}

static void ask(struct entry *entry)
{
    entry->asking_since = clock_monotonic_ms();
    struct introspection_question question = {0};
    struct introspection unknown = {.state = INTROSPECTION_UNKNOWN};
    AUTO(secret_wipe) struct text token = TEXT_EMPTY;
    if (prepare(entry, &question, &token, &unknown.trouble)) {
        text_release(&unknown.trouble);
        question.token = text_string(&token);
        entry->watch->asking++;
        introspection_ask(entry->watch->http, &question, take_answer, entry, &entry->asker);
        return;
    }
    unknown.scope = memory_string("");
    unknown.album_id = memory_string("");
    keep(entry, &unknown);
    tell_waiters(entry, &entry->known);
}

void token_watch_turn(struct token_watch *watch)
{
    int64_t now = clock_monotonic_ms();
    for (struct entry *entry = watch->entries; entry && watch->asking < QUESTIONS_AT_ONCE;
         entry = entry->next) {
        if (entry->configured && !entry->asker && entry->due_at <= now)
            ask(entry);
    }
}

void token_watch_ask(struct token_watch *watch, const struct token_place *place, int64_t since,
                     introspection_done *done, void *context)
{
    struct entry *entry = find(watch, place);
    if (!entry) {
        struct introspection unknown = {
            .state = INTROSPECTION_UNKNOWN, .scope = (char *)"", .album_id = (char *)""};
        done(context, &unknown);
        return;
    }
    if (!entry->asker && entry->asked_at >= since) {
        done(context, &entry->known);
        return;
    }
    entry->waiters =
        memory_grow(entry->waiters, &entry->waiter_capacity, entry->waiter_count + 1, sizeof *entry->waiters);
    entry->waiters[entry->waiter_count++] = (struct waiter){done, context};
    if (!entry->asker)
        ask(entry);
}

void token_watch_forget(struct token_watch *watch, const void *context)
{
    for (struct entry *entry = watch->entries; entry; entry = entry->next) {
        for (size_t i = entry->waiter_count; i-- > 0;) {
            if (entry->waiters[i].context == context)
                entry->waiters[i] = entry->waiters[--entry->waiter_count];
        }
    }
}
