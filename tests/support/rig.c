#include "tests/support/rig.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/jobs/read.h"
#include "tests/support/consistency.h"
#include "tests/support/files.h"
#include "tests/support/require.h"
#include "tests/support/stock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { STOP_MS = 30000, HINT_MS = 5000, OPERATOR_MS = 60000, WORDS_MAX = 24 };

/* ---- the configuration ---- */

static void append_album(const char *name, const char *modality, const char *without, struct text *yaml)
{
    if (without && strcmp(without, name) == 0)
        return;
    text_format(yaml,
                "          - name: %s\n            api_url: http://127.0.0.1:9/api\n"
                "            destination_token: x\n            source_token: y\n",
                name);
    if (modality)
        text_format(yaml, "            condition: 'tagValueIsPresent(#Tag.Modality, \"%s\")'\n", modality);
}

static void append_node(const char *aet, const char *destination, int port, struct text *yaml)
{
    text_format(yaml,
                "  - aet: %s\n    destinations:\n      - name: %s\n"
                "        stow_url: http://127.0.0.1:%d/api/studies\n"
                "        headers: 'Authorization: Bearer x'\n        connections: 8\n",
                aet, destination, port);
}

static const char quick_retries[] = "retry: { first: 20ms, ceiling: 200ms, attempts: 3 }\n";

void rig_configure(struct rig *rig, const char *more, const char *without)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml, "state_dir: %s\nmetrics: { bind: 127.0.0.1, port: 0 }\n%s%snodes:\n", rig->state,
                more && strstr(more, "retry:") ? "" : quick_retries, more ? more : "");
    append_node("FIRST", "main", 9, &yaml);
    text_append(&yaml, "        albums:\n");
    append_album("ct", "CT", without, &yaml);
    append_album("mr", "MR", without, &yaml);
    append_album("all", NULL, without, &yaml);
    if (!without || strcmp(without, "other") != 0)
        append_node("SECOND", "other", 10, &yaml);
    rig->config = sandbox_write(rig->sandbox, "felucca.yaml", text_string(&yaml));
}

void rig_reword(struct rig *rig, const char *words, const char *others)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    AUTO(text_release) struct text changed = TEXT_EMPTY;
    file_read(rig->config, &file);
    const char *place = strstr(text_string(&file), words);
    require(place != NULL, "the configuration does not have: %s", words);
    text_append_bytes(&changed, file.bytes, (size_t)(place - text_string(&file)));
    text_format(&changed, "%s%s", others, place + strlen(words));
    file_write(rig->config, changed.bytes, changed.length);
}

/* ---- the router ---- */

void rig_start_from(struct rig *rig, const char *folder, const char *const *environment)
{
    const char *program = sandbox_path(rig->sandbox, "%s", "router.log");
    const struct process_options options = {.output = program, .environment = environment};
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "%s/felucca-router", folder);
    const char *const argv[] = {text_string(&path), "--config", rig->config, NULL};
    process_destroy(&rig->router);
    int64_t size = file_size(program);
    rig->log_start = size > 0 ? size : 0;
    rig->router = process_start(argv, &options);
}

void rig_start(struct rig *rig)
{
    rig_start_from(rig, FELUCCA_BIN, NULL);
}

void rig_kill(struct rig *rig)
{
    process_kill(rig->router);
    process_destroy(&rig->router);
}

int rig_wait_end(struct rig *rig, int64_t limit_ms)
{
    int status = process_wait(rig->router, limit_ms);
    rig_check(rig, status != PROCESS_STILL_RUNNING, "the router does not end");
    process_destroy(&rig->router);
    return status;
}

struct rig *rig_create(const char *more)
{
    struct rig *rig = memory_new(1, sizeof *rig);
    struct config config = {0};
    AUTO(text_release) struct text endpoint = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    rig->sandbox = sandbox_create();
    rig->state = sandbox_make_folder(rig->sandbox, "state");
    (void)sandbox_make_folder(rig->sandbox, "state/run/hints");
    (void)sandbox_make_folder(rig->sandbox, "state/spool/incoming");
    (void)sandbox_make_folder(rig->sandbox, "arriving");
    rig_configure(rig, more, NULL);
    rig->cast = cast_create(rig->state);
    text_format(&endpoint, "ipc://%s/run/hints/sock", rig->state);
    require(bus_create(&config, BUS_PUSH, text_string(&endpoint), &rig->hints, &reason) == 0, "%s",
            text_string(&reason));
    rig_start(rig);
    return rig;
}

void rig_destroy(struct rig **rig)
{
    if (!*rig)
        return;
    if ((*rig)->router)
        rig_stop(*rig);
    rig_check_consistency(*rig);
    cast_destroy(&(*rig)->cast);
    bus_destroy(&(*rig)->hints);
    sandbox_destroy(&(*rig)->sandbox);
    memory_free(rig);
}

/* ---- what is received ---- */

void rig_spec(struct dicom_spec *ret_spec, unsigned study, unsigned series, unsigned instance)
{
    dicom_spec_init(ret_spec, study);
    ret_spec->modality = series % 2 == 0 ? "MR" : "CT";
    dicom_uid(ret_spec->study_uid, study, 0, 0);
    dicom_uid(ret_spec->series_uid, study, series, 0);
    dicom_uid(ret_spec->sop_uid, study, series, instance);
}

static bool say_hint(struct rig *rig, const char *receipt)
{
    return bus_send(rig->hints, NULL, receipt, RECEIPT_LENGTH, NULL, 0) == 0;
}

void rig_receive_file(struct rig *rig, const char *path, const char *receipt)
{
    const char *goal = sandbox_path(rig->sandbox, "state/spool/incoming/%s.dcm", receipt);
    require(rename(path, goal) == 0, "%s: %s", goal, strerror(errno));
    /* Without its hint it would be found, but only by the next scan. */
    for (int turns = 0; rig->router && !say_hint(rig, receipt) && turns < HINT_MS / 10; turns++)
        cast_turn(rig->cast);
}

void rig_receive(struct rig *rig, const char *called_aet, unsigned study, unsigned series, unsigned instance,
                 char *ret_receipt)
{
    struct dicom_spec spec;
    rig_spec(&spec, study, series, instance);
    rig_receive_spec(rig, called_aet, &spec, ret_receipt);
}

void rig_receive_spec(struct rig *rig, const char *called_aet, const struct dicom_spec *spec,
                      char *ret_receipt)
{
    char receipt[RECEIPT_SIZE];
    AUTO(memory_free) char *path = stock_receive(sandbox_path(rig->sandbox, "arriving"), spec, called_aet);
    const char *name = strrchr(path, '/') + 1;
    (void)snprintf(receipt, sizeof receipt, "%.*s", RECEIPT_LENGTH, name);
    rig_receive_file(rig, path, receipt);
    if (ret_receipt)
        memcpy(ret_receipt, receipt, sizeof receipt);
}

/* ---- what became of it ---- */

static struct jobdb *open_reader(struct rig *rig)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    struct jobdb *db = NULL;
    int code = jobdb_open_reader(rig->state, &db, &reason);
    rig_check(rig, code == 0 || code == ERR_ABSENT, text_string(&reason));
    return db;
}

struct counting {
    const char *kind;
    int64_t count;
};

static void count_job(void *context, const struct jobdb_job_row *row)
{
    struct counting *counting = context;
    counting->count += strcmp(row->kind, counting->kind) == 0;
}

int64_t rig_jobs(struct rig *rig, const char *kind, const char *state, const char *destination,
                 const char *album)
{
    AUTO(jobdb_destroy) struct jobdb *db = open_reader(rig);
    struct jobdb_filter filter = {.state = state, .destination = destination, .album = album};
    struct counting counting = {kind, 0};
    if (db)
        rig_check(rig, jobdb_read_jobs(db, &filter, count_job, &counting) == 0,
                  "the database cannot be read");
    return counting.count;
}

int64_t rig_quarantined(struct rig *rig)
{
    AUTO(jobdb_destroy) struct jobdb *db = open_reader(rig);
    int64_t count = 0;
    if (db)
        rig_check(rig, jobdb_count_quarantined(db, &count) == 0, "the database cannot be read");
    return count;
}

struct wish {
    struct rig *rig;
    const char *kind, *state, *destination, *album;
    int64_t count;
    bool found;
};

static bool has_jobs(void *context)
{
    const struct wish *wish = context;
    return rig_jobs(wish->rig, wish->kind, wish->state, NULL, NULL) == wish->count;
}

bool rig_wait_jobs(struct rig *rig, const char *kind, const char *state, int64_t count, int64_t limit_ms)
{
    struct wish wish = {.rig = rig, .kind = kind, .state = state, .count = count};
    return cast_until(rig->cast, has_jobs, &wish, limit_ms);
}

static bool has_quarantined(void *context)
{
    const struct wish *wish = context;
    return rig_quarantined(wish->rig) == wish->count;
}

bool rig_wait_quarantined(struct rig *rig, int64_t count, int64_t limit_ms)
{
    struct wish wish = {.rig = rig, .count = count};
    return cast_until(rig->cast, has_quarantined, &wish, limit_ms);
}

static void look_at_target(void *context, const struct jobdb_status_row *row)
{
    struct wish *wish = context;
    if (strcmp(row->destination, wish->destination) != 0 || !row->album != !wish->album ||
        (wish->album && strcmp(row->album, wish->album) != 0))
        return;
    wish->found = strcmp(row->state, wish->state) == 0;
}

static bool has_target_state(void *context)
{
    struct wish *wish = context;
    AUTO(jobdb_destroy) struct jobdb *db = open_reader(wish->rig);
    wish->found = false;
    return db && jobdb_read_status(db, look_at_target, wish) == 0 && wish->found;
}

bool rig_wait_target(struct rig *rig, const char *destination, const char *album, const char *state,
                     int64_t limit_ms)
{
    struct wish wish = {.rig = rig, .destination = destination, .album = album, .state = state};
    return cast_until(rig->cast, has_target_state, &wish, limit_ms);
}

static bool is_drained(void *context)
{
    struct rig *rig = context;
    return folder_count(sandbox_path(rig->sandbox, "state/spool/incoming"), ".dcm") == 0 &&
           folder_count(sandbox_path(rig->sandbox, "state/spool/queue"), ".dcm") == 0;
}

bool rig_wait_drained(struct rig *rig, int64_t limit_ms)
{
    return cast_until(rig->cast, is_drained, rig, limit_ms);
}

/* ---- its operator ---- */

int rig_felucca(struct rig *rig, const char *const *words, struct text *ret_output)
{
    const char *argv[WORDS_MAX] = {FELUCCA_BIN "/felucca", "--config", rig->config};
    for (size_t i = 0; words[i]; i++) {
        require(3 + i + 1 < WORDS_MAX, "too many words");
        argv[3 + i] = words[i];
    }
    return process_run(argv, NULL, OPERATOR_MS, ret_output);
}

void rig_expect(struct rig *rig, int status, const char *says, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int is = rig_felucca(rig, words, &output);
    rig_check(rig, is == status && strstr(text_string(&output), says), text_string(&output));
}

/* ---- its log ---- */

struct saying {
    struct rig *rig;
    const char *text;
};

static bool is_said(void *context)
{
    const struct saying *saying = context;
    return rig_log_says(saying->rig, saying->text);
}

bool rig_log_says(struct rig *rig, const char *text)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    const char *path = sandbox_path(rig->sandbox, "router.log");
    if (file_size(path) <= rig->log_start)
        return false;
    file_read(path, &log);
    return strstr(text_string(&log) + rig->log_start, text) != NULL;
}

bool rig_wait_log(struct rig *rig, const char *text, int64_t limit_ms)
{
    struct saying saying = {rig, text};
    return cast_until(rig->cast, is_said, &saying, limit_ms);
}

void rig_stop(struct rig *rig)
{
    rig_check(rig, rig_wait_log(rig, " starts ", STOP_MS), "the router does not start");
    rig_check(rig, process_end(rig->router, STOP_MS) == 0, "the router does not end well");
    process_destroy(&rig->router);
}

/* ---- promises ---- */

void rig_check(struct rig *rig, bool ok, const char *what)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    const char *path = sandbox_path(rig->sandbox, "router.log");
    if (ok)
        return;
    if (file_exists(path))
        file_read(path, &log);
    size_t start = log.length > 6000 ? log.length - 6000 : 0;
    require(false, "%s\n... the router's log:\n%s", what, text_string(&log) + start);
}

void rig_check_consistency(struct rig *rig)
{
    AUTO(text_release) struct text problems = TEXT_EMPTY;
    (void)consistency_problems(rig->state, &problems);
    rig_check(rig, problems.length == 0, text_string(&problems));
}
