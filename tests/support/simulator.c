#include "tests/support/simulator.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_MS = 20000, OPTIONS_MAX = 64 };

static bool told_ports(void *context)
{
    return file_exists(context);
}

struct simulator *simulator_start(struct sandbox *sandbox, const char *name, const char *const *options)
{
    struct simulator *s = memory_new(1, sizeof *s);
    char *port_file = memory_string(sandbox_path(sandbox, "%s.ports", name));
    s->store = sandbox_path(sandbox, "%s.store", name);
    const char *argv[OPTIONS_MAX + 8] = {FELUCCA_TESTS_BIN "/kheops-sim", "--port-file", port_file, "--store",
                                         s->store};
    size_t count = 5;
    for (; options && *options; options++) {
        ck_assert(count < OPTIONS_MAX);
        argv[count++] = *options;
    }
    (void)unlink(port_file); /* of one that had the name before */
    struct process_options how = {.output = sandbox_path(sandbox, "%s.log", name)};
    s->process = process_start(argv, &how);
    ck_assert_msg(wait_until(told_ports, port_file, START_MS), "%s does not start, see %s", name, how.output);
    AUTO(text_release) struct text ports = TEXT_EMPTY;
    file_read(port_file, &ports);
    ck_assert(sscanf(text_string(&ports), "%d %d", &s->port, &s->admin_port) == 2);
    free(port_file);
    return s;
}

void simulator_destroy(struct simulator **simulator)
{
    if (!*simulator)
        return;
    int status = process_end((*simulator)->process, 10000);
    ck_assert_msg(status == 0, "the simulator ended with %d, see its log", status);
    process_destroy(&(*simulator)->process);
    free(*simulator);
    *simulator = NULL;
}

static json_t *ask(const struct simulator *simulator, const char *path)
{
    json_t *json = http_client_json(simulator->admin_port, "GET", path, NULL);
    ck_assert_msg(json, "the simulator does not answer %s", path);
    return json;
}

json_t *simulator_state(const struct simulator *simulator)
{
    return ask(simulator, "/sim/state");
}

json_t *simulator_counts(const struct simulator *simulator)
{
    return ask(simulator, "/sim/counts");
}

int64_t simulator_count(const struct simulator *simulator, const char *path)
{
    json_t *counts = simulator_counts(simulator);
    const json_t *at = counts;
    while (at && *path) {
        AUTO(memory_free) char *key = memory_string_n(path, strcspn(path, "."));
        at = json_object_get(at, key);
        path += strlen(key);
        path += *path == '.';
    }
    int64_t value = (int64_t)json_integer_value(at);
    json_decref(counts);
    return value;
}

int64_t simulator_stored_in(const struct simulator *simulator, const char *album)
{
    json_t *state = simulator_state(simulator);
    json_t *study, *series, *instance;
    size_t i, j, k;
    int64_t count = 0;
    json_array_foreach(json_object_get(state, "studies_list"), i, study)
        json_array_foreach(json_object_get(study, "series"), j, series)
            json_array_foreach(json_object_get(series, "instances"), k, instance)
    {
        count += strcmp(json_string_value(json_object_get(instance, "album")), album) == 0;
    }
    json_decref(state);
    return count;
}

void simulator_order(const struct simulator *simulator, const char *path, const char *json)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int status = http_client_request(simulator->admin_port, "POST", path, NULL, json, strlen(json), &answer);
    ck_assert_msg(status == 200, "the simulator refuses %s %s: %s", path, json, text_string(&answer.body));
}

void simulator_order_token(const struct simulator *simulator, const char *token, const char *json)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "/sim/tokens/%s", token);
    simulator_order(simulator, text_string(&path), json);
}

/* ---- waiting ---- */

struct wish {
    const struct simulator *simulator;
    const char *album;
    int64_t count;
};

static bool has_instances(void *context)
{
    const struct wish *wish = context;
    json_t *counts = simulator_counts(wish->simulator);
    bool there = json_integer_value(json_object_get(counts, "instances")) == wish->count &&
                 json_integer_value(json_object_get(counts, "in_flight")) == 0;
    json_decref(counts);
    return there;
}

bool simulator_wait_instances(const struct simulator *simulator, int64_t count, int64_t limit_ms)
{
    struct wish wish = {simulator, NULL, count};
    return wait_until(has_instances, &wish, limit_ms);
}

/* The "series" of an album in counts or state; borrowed. */
static const json_t *series_of(const json_t *counts, const char *album)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(counts, "albums"), i,
                       item) if (strcmp(json_string_value(json_object_get(item, "name")), album) ==
                                 0) return json_object_get(item, "series");
    return NULL;
}

static int64_t number(const json_t *json, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(json, key));
}

static bool has_shared(void *context)
{
    const struct wish *wish = context;
    json_t *counts = simulator_counts(wish->simulator), *item;
    int64_t shared = 0;
    size_t i;
    json_array_foreach(series_of(counts, wish->album), i, item) shared +=
        number(item, "puts") > 0 && number(item, "instance_count") > 0;
    json_decref(counts);
    return shared == wish->count;
}

bool simulator_wait_shared(const struct simulator *simulator, const char *album, size_t count,
                           int64_t limit_ms)
{
    struct wish wish = {simulator, album, (int64_t)count};
    return wait_until(has_shared, &wish, limit_ms);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void simulator_album_text(const struct simulator *simulator, const char *album, struct text *ret_text)
{
    json_t *counts = simulator_counts(simulator), *item;
    const json_t *series = series_of(counts, album);
    size_t i, count = 0;
    char **words = memory_new(json_array_size(series) + 1, sizeof *words);
    json_array_foreach(series, i, item)
    {
        if (number(item, "instance_count") == 0)
            continue;
        AUTO(text_release) struct text word = TEXT_EMPTY;
        text_format(&word, "%s*%lld", json_string_value(json_object_get(item, "series")),
                    (long long)number(item, "instance_count"));
        words[count++] = text_take(&word);
    }
    qsort(words, count, sizeof *words, by_text);
    for (i = 0; i < count; i++) {
        text_format(ret_text, "%s%s", i ? " " : "", words[i]);
        free(words[i]);
    }
    free(words);
    json_decref(counts);
}

/* ---- storing by hand ---- */

void simulator_append_part(struct text *body, const char *file)
{
    text_append(body, "\r\n--" SIMULATOR_BOUNDARY "\r\nContent-Type: application/dicom\r\n\r\n");
    file_read(file, body);
}

void simulator_append_end(struct text *body)
{
    text_append(body, "\r\n--" SIMULATOR_BOUNDARY "--\r\n");
}

int simulator_stow(const struct simulator *simulator, const char *token, const char *query,
                   const char *const *files, size_t count, struct http_client_answer *ret_answer)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    AUTO(text_release) struct text headers = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    for (size_t i = 0; i < count; i++)
        simulator_append_part(&body, files[i]);
    simulator_append_end(&body);
    text_format(&headers,
                "Authorization: Bearer %s\r\nContent-Type: multipart/related; "
                "type=\"application/dicom\"; boundary=" SIMULATOR_BOUNDARY "\r\n"
                "Accept: application/dicom+json\r\n",
                token);
    text_format(&path, "/api/studies%s", query ? query : "");
    return http_client_request(simulator->port, "POST", text_string(&path), text_string(&headers), body.bytes,
                               body.length, ret_answer);
}
