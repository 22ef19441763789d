#include "tests/kheops-sim/compare.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/kheops-sim/exchange.h"
#include "tests/kheops-sim/question.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { LINES_SHOWN = 12 };

/* One question while it is compared. */
struct comparison {
    const struct run *run;
    const struct recorded *recorded;
    const struct exchange_answer *answer;
    const char *accept;
    unsigned differences;
};

static void say(struct comparison *c, const char *what, const char *wanted, const char *got)
{
    AUTO(text_release) struct text masked = TEXT_EMPTY;
    AUTO(text_release) struct text clean = TEXT_EMPTY;
    run_append_masked(c->run, wanted, &masked);
    run_append_masked(c->run, got, &clean);
    if (c->differences++ == 0)
        printf("[%s]%s\n", c->recorded->name, c->recorded->real ? "" : " (not recorded from a real one)");
    printf("  %s\n    table %s\n    there %s\n", what, text_string(&masked), text_string(&clean));
}

static void compare_status(struct comparison *c)
{
    char wanted[16], got[16];
    snprintf(wanted, sizeof wanted, "%d", c->recorded->status);
    snprintf(got, sizeof got, "%d", c->answer->status);
    if (strcmp(wanted, got) != 0)
        say(c, "status", wanted, got);
}

/* Blanks do not matter in a header's value. */
static bool same_value(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (strncasecmp(a, b, 1) != 0)
            return false;
        if (!*a)
            return true;
    }
}

static void compare_header(struct comparison *c, const char *line)
{
    bool absent = *line == '-';
    AUTO(memory_free) char *name = memory_string_n(line + absent, strcspn(line + absent, ":"));
    AUTO(text_release) struct text got = TEXT_EMPTY;
    const char *wanted = absent ? "" : line + strlen(name) + 1 + strspn(line + strlen(name) + 1, " ");
    bool there = exchange_header(c->answer, name, &got);
    if (there == absent || (!absent && !same_value(wanted, text_string(&got))))
        say(c, name, absent ? "(none)" : wanted, there ? text_string(&got) : "(none)");
}

/* JSON in an order of its own, one value a line; NULL when it is none. */
static char *canonical(const char *text, size_t length)
{
    json_t *json = json_loadb(text, length, 0, NULL);
    char *lines = json ? json_dumps(json, JSON_INDENT(1) | JSON_SORT_KEYS) : NULL;
    json_decref(json);
    return lines;
}

/* Both texts line by line. */
static void compare_lines(struct comparison *c, const char *wanted, const char *got)
{
    unsigned shown = 0;
    for (unsigned number = 1; (*wanted || *got) && shown < LINES_SHOWN; number++) {
        AUTO(memory_free) char *a = memory_string_n(wanted, strcspn(wanted, "\n"));
        AUTO(memory_free) char *b = memory_string_n(got, strcspn(got, "\n"));
        wanted += strlen(a) + (wanted[strlen(a)] == '\n');
        got += strlen(b) + (got[strlen(b)] == '\n');
        if (run_matches(a, b, strlen(b)))
            continue;
        char what[32];
        snprintf(what, sizeof what, "body, line %u", number);
        say(c, what, a, b);
        shown++;
    }
}

static void compare_body(struct comparison *c)
{
    AUTO(text_release) struct text wanted = TEXT_EMPTY;
    AUTO(text_release) struct text missing = TEXT_EMPTY;
    const struct text *got = &c->answer->body;
    run_pattern(c->run, c->recorded->body, c->accept, &wanted, &missing);
    if (run_matches(text_string(&wanted), text_string(got), got->length))
        return;
    AUTO(memory_free) char *a = canonical(text_string(&wanted), wanted.length);
    AUTO(memory_free) char *b = canonical(text_string(got), got->length);
    if (a && b)
        compare_lines(c, a, b);
    else
        say(c, "body", text_string(&wanted), text_string(got));
}

static unsigned compare_answer(const struct run *run, const struct recorded *recorded, const char *accept,
                               const struct exchange_answer *answer)
{
    struct comparison c = {run, recorded, answer, accept, 0};
    compare_status(&c);
    for (size_t i = 0; i < recorded->headers.count; i++)
        compare_header(&c, recorded->headers.lines[i]);
    if (recorded->body)
        compare_body(&c);
    return c.differences;
}

/* ---- asking ---- */

struct tally {
    unsigned asked, different, skipped;
};

/* 0; ERR_ABSENT with the name of a token that there is none of. */
static int fill_headers(const struct run *run, const struct recorded *recorded, struct text *ret_headers,
                        struct text *ret_reason)
{
    for (size_t i = 0; i < recorded->request_headers.count; i++) {
        if (!run_fill(run, recorded->request_headers.lines[i], ret_headers, ret_reason))
            return ERR_ABSENT;
        text_append_char(ret_headers, '\n');
    }
    return 0;
}

static const char *accept_of(const struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->request_headers.count; i++)
        if (string_starts_with(recorded->request_headers.lines[i], "Accept: "))
            return recorded->request_headers.lines[i] + 8;
    return NULL;
}

/* 0, or what prevents all further questions. */
static int ask(const struct run *run, const struct recorded *recorded, const char *folder,
               struct tally *tally)
{
    AUTO(text_release) struct text url = TEXT_EMPTY;
    AUTO(text_release) struct text headers = TEXT_EMPTY;
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(exchange_answer_release) struct exchange_answer answer = {0, TEXT_EMPTY, TEXT_EMPTY};
    text_append(&url, run->url);
    int error = run_fill(run, recorded->path, &url, &reason) ? 0 : ERR_ABSENT;
    error = error ? error : fill_headers(run, recorded, &headers, &reason);
    error = error ? error : question_body(run, &recorded->request_body, folder, &body, &reason);
    if (error == ERR_ABSENT) {
        printf("[%s]\n  skipped: no token %s\n", recorded->name, text_string(&reason));
        tally->skipped++;
        return 0;
    }
    if (error) {
        printf("[%s]\n  the table is not understood: %s\n", recorded->name, text_string(&reason));
        return error;
    }
    bool has_body = strcmp(recorded->method, "GET") != 0 && strcmp(recorded->method, "DELETE") != 0;
    error = exchange_ask(recorded->method, text_string(&url), text_string(&headers), has_body ? &body : NULL,
                         folder, &answer);
    if (error) {
        printf("[%s]\n  no answer\n", recorded->name);
        return error;
    }
    tally->asked++;
    tally->different += compare_answer(run, recorded, accept_of(recorded), &answer) > 0;
    return 0;
}

int compare_all(const struct run *run, const struct recorded_table *table)
{
    char folder[] = "/tmp/kheops-compare-XXXXXX";
    struct tally tally = {0, 0, 0};
    int error = mkdtemp(folder) ? 0 : ERR_IO;
    for (size_t i = 0; i < recorded_count(table) && !error; i++) {
        const struct recorded *recorded = recorded_at(table, i);
        if (recorded->asked && strcmp(recorded->when, run->when) == 0)
            error = ask(run, recorded, folder, &tally);
    }
    rmdir(folder);
    printf("run %llu: %u asked, %u differ, %u skipped\n", (unsigned long long)run->number, tally.asked,
           tally.different, tally.skipped);
    if (error || tally.asked == 0)
        return 2;
    return tally.different > 0;
}
