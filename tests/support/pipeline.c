#include "tests/support/pipeline.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/consistency.h"
#include "tests/support/deadline.h"
#include "tests/support/dicom.h"
#include "tests/support/files.h"
#include "tests/support/pipeline_config.h"
#include "tests/support/port.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROCESSES_MAX = 16,
    START_MS = 20000,
    SEND_MS = 60000,
    STOP_MS = 40000,
    LOG_TAIL = 3000,
    STORAGE_MS = 20000,
    PREFIX_MAX = 24
};

struct member {
    enum pipeline_stage stage;
    struct process *process;
    const char *config, *log; /* of the sandbox */
    int metrics_port;
};

struct pipeline {
    struct sandbox *sandbox;
    const char *programs; /* the folder */
    const char *log_level;
    char *config_text;          /* without its metrics section */
    const char *words, *others; /* of the next process; NULL: none */
    const char *config, *state_dir;
    int port;
    struct member members[PROCESSES_MAX];
    size_t count;
    struct equipment {
        const char *const *environment, *const *prefix;
    } equipment[PIPELINE_KINDS];
};

/* They stop as under every supervisor: the network first, then the workers, and the router last, which
 * acknowledges what the workers still report. */
enum { STOPS = 3, PORTS = 8 };

static const struct stage {
    const char *name, *program;
    int stop, port; /* of its metrics: behind the receiver's */
} stages[PIPELINE_KINDS] = {
    [PIPELINE_RECEIVER] = {"receiver", "felucca-receiver", 0, 0},
    [PIPELINE_ROUTER] = {"router", "felucca-router", 2, 1},
    [PIPELINE_SENDER] = {"sender", "felucca-sender", 1, 2},
    [PIPELINE_SHARER] = {"sharer", "felucca-sharer", 1, 3},
    [PIPELINE_NOTIFIER] = {"notifier", "felucca-notifier", 1, 5},
    [PIPELINE_CONSOLE] = {"console", "felucca-console", 0, 6},
    [PIPELINE_COMMITTER] = {"committer", "felucca-committer", 1, 4},
    [PIPELINE_TRAY] = {"tray", "felucca-tray", 0, 7},
};

struct pipeline *pipeline_create(struct sandbox *sandbox, const struct pipeline_options *options)
{
    struct pipeline *p = memory_new(1, sizeof *p);
    AUTO(text_release) struct text config = TEXT_EMPTY;
    p->sandbox = sandbox;
    p->programs = FELUCCA_BIN;
    p->log_level = "debug";
    p->port = port_free();
    p->state_dir = sandbox_path(sandbox, "state");
    pipeline_append_config(sandbox, options, p->state_dir, p->port, &config);
    p->config_text = text_take(&config);
    text_format(&config, "%smetrics: { port: 0 }\n", p->config_text);
    p->config = sandbox_write(sandbox, "felucca.yaml", text_string(&config));
    return p;
}

void pipeline_destroy(struct pipeline **pipeline)
{
    if (!*pipeline)
        return;
    for (size_t i = 0; i < (*pipeline)->count; i++)
        process_destroy(&(*pipeline)->members[i].process);
    free((*pipeline)->config_text);
    free(*pipeline);
    *pipeline = NULL;
}

static struct member *member(struct pipeline *p, enum pipeline_stage stage, size_t number)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->members[i].stage == stage && number-- == 0)
            return &p->members[i];
    ck_abort_msg("there is no such %s", stages[stage].name);
    return NULL;
}

struct process *pipeline_process(struct pipeline *pipeline, enum pipeline_stage stage, size_t number)
{
    return member(pipeline, stage, number)->process;
}

static void launch(struct pipeline *p, struct member *m)
{
    AUTO(text_release) struct text program = TEXT_EMPTY;
    text_format(&program, "%s/%s", p->programs, stages[m->stage].program);
    const struct equipment *equipment = &p->equipment[m->stage];
    const char *const own[] = {text_string(&program), "--config",   m->config,
                               "--log-level",         p->log_level, NULL};
    const char *argv[PREFIX_MAX + sizeof own / sizeof *own];
    size_t count = 0;
    for (; equipment->prefix && equipment->prefix[count]; count++) {
        ck_assert(count < PREFIX_MAX);
        argv[count] = equipment->prefix[count];
    }
    memcpy(&argv[count], own, sizeof own);
    struct process_options how = {.output = m->log, .environment = equipment->environment};
    m->process = process_start(argv, &how);
}

static void await(struct pipeline *p, const struct member *m)
{
    pipeline_check(p, port_wait(m->metrics_port, START_MS), "a process does not start");
    if (m->stage == PIPELINE_RECEIVER)
        pipeline_check(p, port_wait(p->port, START_MS), "the receiver does not accept");
}

static void run(struct pipeline *p, struct member *m)
{
    launch(p, m);
    await(p, m);
}

void pipeline_reword_next(struct pipeline *pipeline, const char *words, const char *others)
{
    pipeline->words = words;
    pipeline->others = others;
}

static void append_own_config(struct pipeline *p, struct text *out)
{
    const char *place = p->words ? strstr(p->config_text, p->words) : NULL;
    ck_assert_msg(place || !p->words, "the configuration does not have: %s", p->words);
    if (place)
        text_format(out, "%.*s%s%s", (int)(place - p->config_text), p->config_text, p->others,
                    place + strlen(p->words));
    else
        text_append(out, p->config_text);
    p->words = p->others = NULL;
}

/* One more of a stage, with its configuration; it does not run yet. */
static struct member *add_member(struct pipeline *p, enum pipeline_stage stage, size_t *ret_number)
{
    size_t number = 0;
    for (size_t i = 0; i < p->count; i++)
        number += p->members[i].stage == stage;
    ck_assert(p->count < PROCESSES_MAX);
    struct member *m = &p->members[p->count++];
    m->stage = stage;
    m->metrics_port = port_free_run(PORTS) + stages[stage].port;
    m->log = sandbox_path(p->sandbox, "%s-%zu.log", stages[stage].name, number);
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text config = TEXT_EMPTY;
    text_format(&name, "%s-%zu.yaml", stages[stage].name, number);
    /* The key names the receiver's port; the others take the ones behind it. */
    append_own_config(p, &config);
    text_format(&config, "metrics: { bind: 127.0.0.1, port: %d }\n", m->metrics_port - stages[stage].port);
    m->config = sandbox_write(p->sandbox, text_string(&name), text_string(&config));
    *ret_number = number;
    return m;
}

size_t pipeline_launch(struct pipeline *pipeline, enum pipeline_stage stage)
{
    size_t number;
    launch(pipeline, add_member(pipeline, stage, &number));
    return number;
}

size_t pipeline_start(struct pipeline *pipeline, enum pipeline_stage stage)
{
    size_t number;
    run(pipeline, add_member(pipeline, stage, &number));
    return number;
}

size_t pipeline_start_changed(struct pipeline *pipeline, enum pipeline_stage stage, const char *text,
                              const char *other)
{
    AUTO(text_release) struct text config = TEXT_EMPTY;
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text changed = TEXT_EMPTY;
    size_t number;
    struct member *m = add_member(pipeline, stage, &number);
    file_read(m->config, &config);
    const char *at = strstr(text_string(&config), text);
    ck_assert_msg(at && !strstr(at + 1, text), "the configuration does not have \"%s\" once", text);
    text_format(&changed, "%.*s%s%s", (int)(at - config.bytes), config.bytes, other, at + strlen(text));
    text_format(&name, "%s-%zu-changed.yaml", stages[stage].name, number);
    m->config = sandbox_write(pipeline->sandbox, text_string(&name), text_string(&changed));
    run(pipeline, m);
    return number;
}

void pipeline_start_all(struct pipeline *pipeline)
{
    /* The router and the receiver make the state folder; a sender that finds none ends, to be started again
     * by its supervisor, and there is none here. */
    pipeline_start(pipeline, PIPELINE_ROUTER);
    pipeline_start(pipeline, PIPELINE_RECEIVER);
    pipeline_start(pipeline, PIPELINE_SENDER);
    pipeline_start(pipeline, PIPELINE_SHARER);
}

static void kill_and_restart(struct pipeline *p, struct member *m, void (*how)(struct process *process))
{
    pipeline_check(p, process_running(m->process), "a process ended by itself");
    how(m->process);
    process_destroy(&m->process);
    run(p, m);
}

void pipeline_kill_and_restart(struct pipeline *pipeline, enum pipeline_stage stage, size_t number)
{
    kill_and_restart(pipeline, member(pipeline, stage, number), process_kill);
}

void pipeline_kill_family_and_restart(struct pipeline *pipeline, enum pipeline_stage stage, size_t number)
{
    kill_and_restart(pipeline, member(pipeline, stage, number), process_kill_family);
}

void pipeline_equip(struct pipeline *pipeline, enum pipeline_stage stage, const char *const *environment,
                    const char *const *prefix)
{
    pipeline->equipment[stage] = (struct equipment){environment, prefix};
}

void pipeline_log_level(struct pipeline *pipeline, const char *level)
{
    pipeline->log_level = level;
}

void pipeline_use_programs(struct pipeline *pipeline, const char *folder)
{
    pipeline->programs = folder;
}

size_t pipeline_revive(struct pipeline *pipeline)
{
    size_t revived = 0;
    for (size_t i = 0; i < pipeline->count; i++) {
        struct member *m = &pipeline->members[i];
        if (process_running(m->process))
            continue;
        process_destroy(&m->process);
        launch(pipeline, m);
        revived++;
    }
    return revived;
}

void pipeline_await(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->count; i++)
        await(pipeline, &pipeline->members[i]);
}

void pipeline_start_again(struct pipeline *pipeline, enum pipeline_stage stage, size_t number)
{
    struct member *m = member(pipeline, stage, number);
    pipeline_check(pipeline, !process_running(m->process), "it still runs");
    process_destroy(&m->process);
    run(pipeline, m);
}

void pipeline_freeze_all(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->count; i++)
        process_freeze_family(pipeline->members[i].process);
}

void pipeline_kill_all(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->count; i++)
        process_kill_family(pipeline->members[i].process);
}

void pipeline_start_all_again(struct pipeline *pipeline)
{
    for (size_t i = 0; i < pipeline->count; i++) {
        process_destroy(&pipeline->members[i].process);
        run(pipeline, &pipeline->members[i]);
    }
}

static void stop(struct pipeline *p, int first, int last)
{
    for (size_t i = 0; i < p->count; i++) {
        int turn = stages[p->members[i].stage].stop;
        if (turn >= first && turn <= last)
            process_signal(p->members[i].process, SIGTERM);
    }
    for (size_t i = 0; i < p->count; i++) {
        const struct stage *stage = &stages[p->members[i].stage];
        if (stage->stop >= first && stage->stop <= last)
            pipeline_check(p, process_wait(p->members[i].process, STOP_MS) == 0, stage->name);
    }
}

static void check_agreement(struct pipeline *p)
{
    AUTO(text_release) struct text problems = TEXT_EMPTY;
    (void)consistency_problems(p->state_dir, &problems);
    pipeline_check(p, problems.length == 0, text_string(&problems));
}

void pipeline_stop_all(struct pipeline *pipeline)
{
    for (int turn = 0; turn < STOPS; turn++)
        stop(pipeline, turn, turn);
    check_agreement(pipeline);
}

void pipeline_stop_at_once(struct pipeline *pipeline)
{
    stop(pipeline, 0, STOPS - 1);
    check_agreement(pipeline);
}

int pipeline_port(const struct pipeline *pipeline)
{
    return pipeline->port;
}

const char *pipeline_state_dir(const struct pipeline *pipeline)
{
    return pipeline->state_dir;
}

const char *pipeline_config(const struct pipeline *pipeline)
{
    return pipeline->config;
}

int pipeline_page(struct pipeline *pipeline, enum pipeline_stage stage, size_t number, const char *path,
                  struct text *ret_body)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    int port = member(pipeline, stage, number)->metrics_port;
    pipeline_check(pipeline, port_wait(port, START_MS), "no metrics");
    int status = http_client_request(port, "GET", path, NULL, NULL, 0, &answer);
    text_append(ret_body, text_string(&answer.body));
    return status;
}

double pipeline_metric(struct pipeline *pipeline, enum pipeline_stage stage, size_t number,
                       const char *family)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    pipeline_check(pipeline, pipeline_page(pipeline, stage, number, "/metrics", &page) == 200, "no metrics");
    double sum = 0;
    size_t length = strlen(family);
    for (const char *line = text_string(&page); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, family, length) != 0 || (line[length] != ' ' && line[length] != '{'))
            continue;
        const char *value = strstr(line + length, line[length] == '{' ? "} " : " ");
        sum += value ? strtod(value + (*value == '}' ? 2 : 1), NULL) : 0;
    }
    return sum;
}

/* ---- work for it ---- */

#define STORESCU(port_text, aet, folder)                                                                   \
    {                                                                                                      \
        "storescu", "-v", "--scan-directories", "--recurse", "-aet", "MODALITY", "-aec", aet, "127.0.0.1", \
            port_text, folder, NULL                                                                        \
    }

static int storescu(int port, const char *called_aet, const char *folder, const char *const *environment,
                    int64_t limit_ms, struct text *ret_output)
{
    char port_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    const char *const argv[] = STORESCU(port_text, called_aet, folder);
    return process_run(argv, environment, limit_ms, ret_output);
}

int pipeline_storescu(int port, const char *called_aet, const char *folder, int64_t limit_ms,
                      struct text *ret_output)
{
    return storescu(port, called_aet, folder, NULL, limit_ms, ret_output);
}

void pipeline_send_small_study(struct pipeline *pipeline, struct sandbox *sandbox, uint64_t seed,
                               unsigned series)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    const char *folder = sandbox_make_folder(sandbox, "study-%llu", (unsigned long long)seed);
    struct dicom_spec base;
    dicom_spec_init(&base, seed);
    base.rows = base.columns = 8;
    pipeline_check(pipeline, dicom_write_study(&base, seed, series, 1, folder, NULL, NULL) == 0,
                   "no study is written");
    int status = pipeline_storescu(pipeline_port(pipeline), "FELUCCA", folder, SEND_MS, &output);
    pipeline_check(pipeline, status == 0, text_string(&output));
}

struct process *pipeline_storescu_start(int port, const char *called_aet, const char *folder,
                                        const char *output)
{
    char port_text[16];
    snprintf(port_text, sizeof port_text, "%d", port);
    const char *const argv[] = STORESCU(port_text, called_aet, folder);
    struct process_options how = {.output = output};
    return process_start(argv, &how);
}

struct renaming {
    const char *folder;
};

/* storescp's names are "<modality>.<SOP Instance UID>"; ours are the UID alone. */
static void rename_reference(void *context, const char *path)
{
    const char *name = strrchr(path, '/') + 1, *uid = strchr(name, '.');
    AUTO(text_release) struct text to = TEXT_EMPTY;
    if (!uid || string_ends_with(name, ".dcm"))
        return;
    text_format(&to, "%s/%s.dcm", ((const struct renaming *)context)->folder, uid + 1);
    ck_assert(rename(path, text_string(&to)) == 0);
}

/* Of the transfer syntaxes that are proposed in one context it takes the one that the receiver takes
 * (association.h), so that storescu makes the same bytes for both. */
static const char choice_of_syntax[] =
    "[[TransferSyntaxes]]\n"
    "[Uncompressed]\n"
    "TransferSyntax1 = LittleEndianExplicit\n"
    "TransferSyntax2 = LittleEndianImplicit\n"
    "TransferSyntax3 = BigEndianExplicit\n"
    "[[PresentationContexts]]\n"
    "[Storage]\n"
    "PresentationContext1 = CTImageStorage\\Uncompressed\n"
    "PresentationContext2 = MRImageStorage\\Uncompressed\n"
    "PresentationContext3 = UltrasoundMultiframeImageStorage\\Uncompressed\n"
    "PresentationContext4 = BasicTextSRStorage\\Uncompressed\n"
    "PresentationContext5 = SecondaryCaptureImageStorage\\Uncompressed\n"
    "[[Profiles]]\n"
    "[Default]\n"
    "PresentationContexts = Storage\n";

void pipeline_reference(struct sandbox *sandbox, const char *folder, const char *reference)
{
    char port_text[16];
    int port = port_free();
    snprintf(port_text, sizeof port_text, "%d", port);
    folder_make(reference);
    const char *config = sandbox_write(sandbox, "storescp.cfg", choice_of_syntax);
    const char *const argv[] = {"storescp", "--bit-preserving",   "--fork",  "--config-file", config,
                                "Default",  "--output-directory", reference, port_text,       NULL};
    /* Without it both sides wait for each other 40 ms an instance. */
    static const char *const environment[] = {"TCP_NODELAY=1", NULL};
    struct process_options how = {.output = sandbox_path(sandbox, "storescp.log"),
                                  .environment = environment};
    AUTO(process_destroy) struct process *storescp = process_start(argv, &how);
    ck_assert_msg(port_wait(port, STORAGE_MS), "storescp does not accept, see %s", how.output);
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = storescu(port, "REFERENCE", folder, environment, 120000, &output);
    ck_assert_msg(status == 0, "storescu to storescp: %s", text_string(&output));
    process_end(storescp, 5000);
    struct renaming renaming = {reference};
    folder_walk(reference, rename_reference, &renaming);
}

static bool drained(void *context)
{
    static const char *const folders[] = {"spool/incoming", "spool/queue"};
    const struct pipeline *p = context;
    for (size_t i = 0; i < 2; i++) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        text_format(&path, "%s/%s", p->state_dir, folders[i]);
        /* The router's pulse stays. */
        if (folder_count(text_string(&path), ".dcm") > 0 || folder_count(text_string(&path), ".part") > 0)
            return false;
    }
    return true;
}

bool pipeline_wait_drained(struct pipeline *pipeline, int64_t limit_ms)
{
    return wait_until(drained, pipeline, limit_ms);
}

static void print_end(const char *path)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    if (!file_exists(path))
        return;
    file_read(path, &content);
    size_t from = content.length > LOG_TAIL ? content.length - LOG_TAIL : 0;
    fprintf(stderr, "---- %s ----\n%s\n", path, text_string(&content) + from);
}

void pipeline_check(struct pipeline *pipeline, bool ok, const char *what)
{
    if (ok)
        return;
    for (size_t i = 0; i < pipeline->count; i++)
        print_end(pipeline->members[i].log);
    fprintf(stderr, "---- failed: %s ----\n", what);
    ck_abort_msg("%s", what);
}
