#include "tests/support/workplace.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/pipeline_config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 30000, DESTINATIONS_MOST = 16 };

void workplace_configure(struct workplace *workplace, const struct pipeline_destination *destinations,
                         size_t count, const char *more)
{
    struct pipeline_destination own[DESTINATIONS_MOST];
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    ck_assert_uint_le(count, DESTINATIONS_MOST);
    for (size_t i = 0; i < count; i++) {
        own[i] = destinations[i];
        if (!own[i].simulator)
            own[i].simulator = workplace->simulator;
    }
    text_format(&lines, "metrics: { port: 0 }\nlog: { level: debug }\n%s", more ? more : "");
    const struct pipeline_node node = {.aet = "FELUCCA", .destinations = own, .destination_count = count};
    const struct pipeline_options options = {.nodes = &node, .node_count = 1, .more = text_string(&lines)};
    pipeline_append_config(workplace->sandbox, &options, sandbox_path(workplace->sandbox, "state"), 11112,
                           &yaml);
    workplace->config_path = sandbox_write(workplace->sandbox, "felucca.yaml", text_string(&yaml));
}

static void load_config(struct workplace *workplace)
{
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (config_load(workplace->config_path, &workplace->config, &errors, &warnings) != 0)
        ck_abort_msg("%s", text_string(&errors));
}

static void start_worker(struct workplace *workplace, const char *program)
{
    AUTO(text_release) struct text name = TEXT_EMPTY;
    text_format(&name, "%s/%s", FELUCCA_BIN, program);
    workplace->log = sandbox_path(workplace->sandbox, "%s.log", program);
    const char *const argv[] = {text_string(&name), "--config", workplace->config_path, NULL};
    const struct process_options options = {.output = workplace->log};
    workplace->process = process_start(argv, &options);
}

struct workplace *workplace_create(const char *program, const char *const *simulator_options,
                                   const struct pipeline_destination *destinations, size_t count,
                                   const char *more)
{
    struct workplace *workplace = memory_new(1, sizeof *workplace);
    workplace->sandbox = sandbox_create();
    workplace->simulator = simulator_start(workplace->sandbox, "kheops", simulator_options);
    workplace_configure(workplace, destinations, count, more);
    load_config(workplace);
    ck_assert_int_eq(spool_create(workplace->config->state_dir, &workplace->spool), 0);
    folder_make(sandbox_path(workplace->sandbox, "state/run/work"));
    workplace->router = fake_router_create(workplace->config);
    start_worker(workplace, program);
    if (fake_router_wait_hello(workplace->router, LIMIT_MS) == 0) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(workplace->log, &log);
        ck_abort_msg("%s does not say hello: %s", program, text_string(&log));
    }
    return workplace;
}

void workplace_destroy(struct workplace **workplace)
{
    struct workplace *gone = *workplace;
    if (!gone)
        return;
    int status = process_end(gone->process, LIMIT_MS);
    if (status != 0) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(gone->log, &log);
        ck_abort_msg("the worker ended with %d: %s", status, text_string(&log));
    }
    process_destroy(&gone->process);
    fake_router_destroy(&gone->router);
    spool_destroy(&gone->spool);
    config_destroy(&gone->config);
    simulator_destroy(&gone->simulator);
    sandbox_destroy(&gone->sandbox);
    free(gone);
    *workplace = NULL;
}

void workplace_replace_token(struct workplace *workplace, const char *name, const char *content)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    text_format(&file, "token-%s", name);
    (void)sandbox_write(workplace->sandbox, text_string(&file), content);
}

struct work_result *workplace_do(struct workplace *workplace, struct work **work)
{
    fake_router_give(workplace->router, *work);
    struct work_result *result = fake_router_wait_result(workplace->router, LIMIT_MS);
    if (!result) {
        AUTO(text_release) struct text log = TEXT_EMPTY;
        file_read(workplace->log, &log);
        ck_abort_msg("no result: %s", text_string(&log));
    }
    ck_assert_str_eq(result->id, (*work)->id);
    ck_assert_uint_eq(result->answer_count, (*work)->item_count);
    work_destroy(work);
    return result;
}

struct log_wait {
    const char *path, *text;
};

static bool log_has(void *context)
{
    const struct log_wait *wait = context;
    AUTO(text_release) struct text log = TEXT_EMPTY;
    file_read(wait->path, &log);
    return strstr(text_string(&log), wait->text) != NULL;
}

bool workplace_wait_log(struct workplace *workplace, const char *text, int64_t limit_ms)
{
    struct log_wait wait = {workplace->log, text};
    return wait_until(log_has, &wait, limit_ms);
}
