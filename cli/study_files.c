#include "cli/study_files.h"

#include "cli/database.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/kept.h"
#include "common/service/service.h"
#include "common/spool/kept_file.h"
#include "common/spool/spool.h"
#include "common/view/details.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a study is read from. */
struct shelves {
    struct spool *spool; /* NULL: there is none */
    struct text kept;    /* the study's kept headers */
    bool denied;         /* this user may not read everything */
};

static void shelves_release(struct shelves *shelves)
{
    spool_destroy(&shelves->spool);
    text_release(&shelves->kept);
}

static void shelves_open(struct shelves *shelves, const char *state_dir, const char *study)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    (void)spool_open(state_dir, &shelves->spool);
    text_format(&path, "%s/headers", state_dir);
    AUTO(fd_close) int headers = open(text_string(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    shelves->denied = headers < 0 && errno == EACCES;
    if (headers >= 0)
        shelves->denied = kept_file_read(headers, study, &shelves->kept) == ERR_DENIED;
}

/* -1: it is not in the spool. */
static int open_spooled(struct shelves *shelves, const char *receipt)
{
    enum spool_place place;
    int fd = -1;
    if (!shelves->spool || spool_find(shelves->spool, receipt, &place) != 0)
        return -1;
    if (spool_open_file(shelves->spool, place, receipt, &fd) == ERR_DENIED)
        shelves->denied = true;
    return fd;
}

static int open_kept(const struct shelves *shelves, const char *receipt)
{
    struct kept_record record;
    int fd;
    for (size_t at = 0; kept_file_next(&shelves->kept, &at, &record);) {
        if (strcmp(record.receipt, receipt) == 0 && kept_open(record.bytes, record.length, &fd) == 0)
            return fd;
    }
    return -1;
}

/* Why its header must not be read, or NULL. */
static const char *objection_of(const json_t *row)
{
    bool is_parked = strcmp(json_text(row, "state"), "quarantined") == 0;
    if (is_parked)
        return "it is in quarantine: `felucca quarantine` tells why";
    return *json_text(row, "reason") ? "its header crashed a reader and is not read again" : NULL;
}

static const char *known(const json_t *row, const char *name)
{
    const char *text = json_text(row, name);
    return *text ? text : NULL;
}

/* Calls each with what could be read of an instance. */
static void read_instance(struct shelves *shelves, const json_t *row,
                          void (*each)(void *context, const struct study_file *file), void *context)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    AUTO(condition_file_release) struct condition_file content = {.path = NULL};
    const struct header_transfer transfer = {known(row, "calling_aet"), known(row, "called_aet"),
                                             known(row, "source_address"), known(row, "transfer_syntax")};
    struct study_file file = {.series = json_text(row, "series"),
                              .sop_instance = json_text(row, "sop_instance"),
                              .receipt = json_text(row, "receipt"),
                              .missing = objection_of(row)};
    int fd = file.missing ? -1 : open_spooled(shelves, file.receipt);
    file.source = fd >= 0 ? "file" : "kept header";
    if (fd < 0 && !file.missing)
        fd = open_kept(shelves, file.receipt);
    if (fd < 0 && !file.missing)
        file.missing = "its file and its kept header are gone";
    if (fd >= 0 && condition_file_read_open(fd, &transfer, &content, &reason) == 0)
        file.file = &content;
    else if (fd >= 0)
        file.missing = text_string(&reason);
    each(context, &file);
}

int study_files_each(const char *command, const struct config *config, struct jobdb *db, const char *study,
                     const char *series, void (*each)(void *context, const struct study_file *file),
                     void *context)
{
    AUTO(shelves_release) struct shelves shelves = {.spool = NULL};
    AUTO(json_release) json_t *rows = details_ask(db, JOBDB_ASK_INSTANCES, study, series, 0);
    json_t *row;
    size_t index;
    if (database_failed(db))
        return EXIT_NO;
    if (json_array_size(rows) == 0) {
        (void)fprintf(stderr, "felucca %s: there is no study %s in the job database\n", command, study);
        return EXIT_NO;
    }
    shelves_open(&shelves, config->state_dir, study);
    json_array_foreach(rows, index, row)
    {
        if (!shelves.denied)
            read_instance(&shelves, row, each, context);
    }
    if (!shelves.denied)
        return EXIT_OK;
    (void)fprintf(
        stderr,
        "felucca %s: only the service's user may read what %s keeps of instances: run the command as "
        "that user\n",
        command, config->state_dir);
    return EXIT_NO;
}

/* ---- what is the same of many instances ---- */

void study_answers_add(struct study_answers *answers, const char *series, const char *text)
{
    for (size_t i = answers->count; i > 0; i--) {
        struct study_answer *answer = &answers->list[i - 1];
        if (strcmp(answer->series, series) == 0 && strcmp(answer->text, text) == 0) {
            answer->instances++;
            return;
        }
    }
    answers->list = memory_grow(answers->list, &answers->capacity, answers->count + 1, sizeof *answers->list);
    answers->list[answers->count++] = (struct study_answer){memory_string(series), memory_string(text), 1};
}

void study_answers_release(struct study_answers *answers)
{
    for (size_t i = 0; i < answers->count; i++) {
        free(answers->list[i].series);
        free(answers->list[i].text);
    }
    free(answers->list);
    *answers = (struct study_answers){0};
}

void study_answers_append_count(int64_t instances, struct text *out)
{
    text_format(out, "%lld instance%s", (long long)instances, instances == 1 ? "" : "s");
}
