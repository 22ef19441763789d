#include "tests/support/pacs.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "tests/support/digest.h"
#include "tests/support/files.h"
#include "tests/support/process.h"
#include "tests/support/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 12 };

struct pacs {
    struct sandbox *sandbox;
    const char *name, *folder, *log; /* of the sandbox */
    char port[16];
    const char *called_aet;
    const char *program, *from, *calling_aet; /* program NULL: storescu */
    int64_t slowest_ms;
    struct pacs_instance *instances;
    size_t count, capacity, first_open; /* all before first_open are acknowledged */
    struct process *storescu;           /* NULL: none is under way */
    unsigned associations;
};

struct pacs *pacs_create(struct sandbox *sandbox, const char *name, int port, const char *called_aet)
{
    struct pacs *pacs = memory_new(1, sizeof *pacs);
    pacs->sandbox = sandbox;
    pacs->name = name;
    pacs->folder = sandbox_make_folder(sandbox, "%s", name);
    pacs->log = sandbox_path(sandbox, "%s.log", name);
    pacs->called_aet = called_aet;
    (void)snprintf(pacs->port, sizeof pacs->port, "%d", port);
    return pacs;
}

void pacs_destroy(struct pacs **pacs)
{
    if (!*pacs)
        return;
    process_destroy(&(*pacs)->storescu);
    for (size_t i = 0; i < (*pacs)->count; i++)
        free((*pacs)->instances[i].path);
    free((*pacs)->instances);
    free(*pacs);
    *pacs = NULL;
}

void pacs_use(struct pacs *pacs, const char *program, const char *from, const char *calling_aet)
{
    pacs->program = program;
    pacs->from = from;
    pacs->calling_aet = calling_aet;
}

/* ---- studies ---- */

static void add_instance(struct pacs *pacs, const char *folder, uint64_t seed, unsigned series,
                         unsigned instance)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    pacs->instances = memory_grow(pacs->instances, &pacs->capacity, pacs->count + 1, sizeof *pacs->instances);
    struct pacs_instance *added = &pacs->instances[pacs->count++];
    text_format(&path, "%s/S%u-I%05u.dcm", folder, series, instance);
    dicom_uid(added->sop_uid, seed, series, instance);
    dicom_uid(added->series_uid, seed, series, 0);
    added->series = series;
    added->digest = digest_file(text_string(&path), file_data_set_offset(text_string(&path)));
    added->path = text_take(&path);
}

void pacs_add_study(struct pacs *pacs, const struct dicom_spec *base, uint64_t seed, unsigned series_count,
                    unsigned instance_count,
                    void (*vary)(void *context, struct dicom_spec *spec, unsigned series, unsigned instance),
                    void *context)
{
    const char *folder = sandbox_make_folder(pacs->sandbox, "%s/%llu", pacs->name, (unsigned long long)seed);
    require(dicom_write_study(base, seed, series_count, instance_count, folder, vary, context) == 0,
            "cannot write a study");
    for (unsigned series = 1; series <= series_count; series++) {
        for (unsigned instance = 1; instance <= instance_count; instance++)
            add_instance(pacs, folder, seed, series, instance);
    }
}

/* ---- associations ---- */

bool pacs_start(struct pacs *pacs)
{
    if (pacs->storescu || pacs_acknowledged(pacs) == pacs->count)
        return false;
    AUTO(memory_free) const char **argv = memory_new(WORDS + pacs->count + 1, sizeof *argv);
    const char *const storescu[] = {"storescu",       "-v",        "-aet",    "MODALITY", "-aec",
                                    pacs->called_aet, "127.0.0.1", pacs->port};
    const char *const own[] = {pacs->program, "store",          pacs->from,
                               pacs->port,    pacs->called_aet, pacs->calling_aet};
    size_t count = pacs->program ? sizeof own / sizeof *own : sizeof storescu / sizeof *storescu;
    memcpy(argv, pacs->program ? own : storescu, count * sizeof *argv);
    for (size_t i = pacs->first_open; i < pacs->count; i++) {
        if (!pacs->instances[i].acknowledged)
            argv[count++] = pacs->instances[i].path;
    }
    if (file_exists(pacs->log))
        file_write(pacs->log, "", 0);
    struct process_options how = {.errors = pacs->log};
    pacs->storescu = process_start(argv, &how);
    pacs->associations++;
    return true;
}

static struct pacs_instance *find_path(struct pacs *pacs, const char *path, size_t length)
{
    for (size_t i = pacs->first_open; i < pacs->count; i++) {
        if (strlen(pacs->instances[i].path) == length && strncmp(pacs->instances[i].path, path, length) == 0)
            return &pacs->instances[i];
    }
    require(false, "storescu sends a file that it was not given");
    return NULL;
}

static void take_line(struct pacs *pacs, const char *line, struct pacs_instance **current)
{
    static const char sending[] = "I: Sending file: ", slowest[] = "I: Slowest store: ";
    if (string_starts_with(line, sending)) {
        const char *path = line + strlen(sending);
        *current = find_path(pacs, path, strcspn(path, "\n"));
        (*current)->times_sent++;
    } else if (string_starts_with(line, "I: Received Store Response (Success)")) {
        require(*current, "storescu received an answer to nothing");
        (*current)->acknowledged = true;
    } else if (string_starts_with(line, slowest)) {
        int64_t ms = strtoll(line + strlen(slowest), NULL, 10);
        pacs->slowest_ms = ms > pacs->slowest_ms ? ms : pacs->slowest_ms;
    }
}

static void take_acknowledgements(struct pacs *pacs)
{
    AUTO(text_release) struct text log = TEXT_EMPTY;
    struct pacs_instance *current = NULL;
    file_read(pacs->log, &log);
    for (const char *line = text_string(&log); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        take_line(pacs, line, &current);
    }
    while (pacs->first_open < pacs->count && pacs->instances[pacs->first_open].acknowledged)
        pacs->first_open++;
}

bool pacs_busy(struct pacs *pacs)
{
    if (!pacs->storescu)
        return false;
    if (process_running(pacs->storescu))
        return true;
    process_destroy(&pacs->storescu);
    take_acknowledgements(pacs);
    return false;
}

/* ---- what it knows ---- */

size_t pacs_count(const struct pacs *pacs)
{
    return pacs->count;
}

size_t pacs_acknowledged(const struct pacs *pacs)
{
    size_t count = pacs->first_open;
    for (size_t i = pacs->first_open; i < pacs->count; i++)
        count += pacs->instances[i].acknowledged;
    return count;
}

const struct pacs_instance *pacs_instance(const struct pacs *pacs, size_t index)
{
    return &pacs->instances[index];
}

unsigned pacs_associations(const struct pacs *pacs)
{
    return pacs->associations;
}

int64_t pacs_slowest_ms(const struct pacs *pacs)
{
    return pacs->slowest_ms;
}
