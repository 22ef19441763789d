#include "common/worker/reports.h"

#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { NEVER = -1 };

struct report {
    char *destination, *album;
    enum work_token_kind kind;
    int64_t serial, said_at; /* monotonic; NEVER */
    struct text json;
};

struct reports {
    struct report *list;
    size_t count, capacity;
};

struct reports *reports_create(void)
{
    return memory_new(1, sizeof(struct reports));
}

static void report_release(struct report *report)
{
    free(report->destination);
    free(report->album);
    text_release(&report->json);
}

void reports_destroy(struct reports **reports)
{
    if (!*reports)
        return;
    for (size_t i = 0; i < (*reports)->count; i++)
        report_release(&(*reports)->list[i]);
    free((*reports)->list);
    memory_free(reports);
}

static bool is_about(const struct report *report, const struct work_token *token)
{
    return report->kind == token->kind && strcmp(report->destination, token->destination) == 0 &&
           !report->album == !token->album && (!token->album || strcmp(report->album, token->album) == 0);
}

static struct report *report_about(struct reports *reports, const struct work_token *token)
{
    for (size_t i = 0; i < reports->count; i++) {
        if (is_about(&reports->list[i], token))
            return &reports->list[i];
    }
    reports->list = memory_grow(reports->list, &reports->capacity, reports->count + 1, sizeof *reports->list);
    struct report *report = &reports->list[reports->count++];
    *report = (struct report){.destination = memory_string(token->destination),
                              .album = memory_string(token->album),
                              .kind = token->kind};
    return report;
}

void reports_put(struct reports *reports, const struct work_token *token)
{
    struct work_token copy = *token;
    struct work_message message = {.verb = WORK_TOKEN, .token = &copy};
    struct report *report = report_about(reports, token);
    report->serial = token->serial;
    report->said_at = NEVER;
    text_clear(&report->json);
    work_encode(&message, &report->json);
}

void reports_answered(struct reports *reports, int64_t serial)
{
    for (size_t i = 0; i < reports->count; i++) {
        if (reports->list[i].serial != serial)
            continue;
        report_release(&reports->list[i]);
        reports->list[i] = reports->list[--reports->count];
        return;
    }
}

void reports_say(struct reports *reports, int64_t now, int64_t again_ms,
                 void (*say)(void *context, const struct text *json), void *context)
{
    for (size_t i = 0; i < reports->count; i++) {
        struct report *report = &reports->list[i];
        if (report->said_at != NEVER && now - report->said_at < again_ms)
            continue;
        report->said_at = now;
        say(context, &report->json);
    }
}
