#include "tests/support/operator_view.h"

#include "common/base/cleanup.h"
#include "tests/support/deadline.h"

#include <check.h>
#include <string.h>

enum { PATIENCE_MS = 60000, WORDS_MAX = 16 };

/* The lines of a command, one object each, as an array. */
static json_t *lines_of(struct pipeline *pipeline, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *argv[WORDS_MAX + 4] = {FELUCCA_BIN "/felucca", "--config", pipeline_config(pipeline)};
    for (size_t count = 3; *words; words++) {
        ck_assert(count < WORDS_MAX + 3);
        argv[count++] = *words;
    }
    int status = process_run(argv, NULL, PATIENCE_MS, &output);
    pipeline_check(pipeline, status == 0 || status == 1, text_string(&output)); /* 1: nothing found */
    json_t *lines = json_array();
    for (const char *at = text_string(&output); status == 0 && *at; at += strspn(at, "\n")) {
        json_t *line = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        pipeline_check(pipeline, line != NULL, text_string(&output));
        json_array_append_new(lines, line);
        at += strcspn(at, "\n");
    }
    return lines;
}

static bool is(const json_t *object, const char *member, const char *value)
{
    const char *text = json_string_value(json_object_get(object, member));
    return !text == !value && (!text || strcmp(text, value) == 0);
}

json_t *operator_status(struct pipeline *pipeline, const char *destination, const char *album)
{
    static const char *const words[] = {"status", "--json", NULL};
    json_t *lines = lines_of(pipeline, words), *line, *found = NULL;
    size_t i;
    json_array_foreach(lines, i, line)
    {
        if (is(line, "destination", destination) && is(line, "album", album))
            found = json_incref(line);
    }
    json_decref(lines);
    pipeline_check(pipeline, found != NULL, "status does not show it");
    return found;
}

json_t *operator_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                      const char *album)
{
    const char *words[WORDS_MAX] = {"jobs", "--json", "--limit", "1000000"};
    size_t count = 4;
    const struct {
        const char *option, *value;
    } filters[] = {{"--state", state}, {"--destination", destination}, {"--album", album}};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        if (!filters[i].value)
            continue;
        words[count++] = filters[i].option;
        words[count++] = filters[i].value;
    }
    return lines_of(pipeline, words);
}

size_t operator_count_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                           const char *album)
{
    json_t *jobs = operator_jobs(pipeline, state, destination, album);
    size_t count = json_array_size(jobs);
    json_decref(jobs);
    return count;
}

int64_t operator_largest(struct pipeline *pipeline, const char *destination, const char *album,
                         const char *member)
{
    json_t *jobs = operator_jobs(pipeline, NULL, destination, album), *job;
    int64_t largest = 0;
    size_t i;
    json_array_foreach(jobs, i, job)
    {
        int64_t value = (int64_t)json_integer_value(json_object_get(job, member));
        largest = value > largest ? value : largest;
    }
    json_decref(jobs);
    return largest;
}

/* ---- waiting ---- */

struct wish {
    struct pipeline *pipeline;
    const char *destination, *album, *state, *says;
    size_t count;
};

static bool has_state(void *context)
{
    const struct wish *wish = context;
    json_t *line = operator_status(wish->pipeline, wish->destination, wish->album);
    const char *error = json_string_value(json_object_get(line, "last_error"));
    bool so = is(line, "state", wish->state) && (!wish->says || (error && strstr(error, wish->says)));
    json_decref(line);
    return so;
}

bool operator_wait_state(struct pipeline *pipeline, const char *destination, const char *album,
                         const char *state, const char *says, int64_t limit_ms)
{
    struct wish wish = {pipeline, destination, album, state, says, 0};
    return wait_until(has_state, &wish, limit_ms);
}

static bool has_jobs(void *context)
{
    const struct wish *wish = context;
    return operator_count_jobs(wish->pipeline, wish->state, wish->destination, wish->album) == wish->count;
}

bool operator_wait_jobs(struct pipeline *pipeline, const char *state, const char *destination,
                        const char *album, size_t count, int64_t limit_ms)
{
    struct wish wish = {pipeline, destination, album, state, NULL, count};
    return wait_until(has_jobs, &wish, limit_ms);
}

static bool has_any(void *context)
{
    const struct wish *wish = context;
    return operator_count_jobs(wish->pipeline, wish->state, wish->destination, wish->album) > 0;
}

bool operator_wait_any_job(struct pipeline *pipeline, const char *state, const char *destination,
                           const char *album, int64_t limit_ms)
{
    struct wish wish = {pipeline, destination, album, state, NULL, 0};
    return wait_until(has_any, &wish, limit_ms);
}
