#include "cli/import/importer.h"

#include "cli/folder.h"
#include "cli/import/bundle.h"
#include "cli/import/desk.h"
#include "cli/import/directory.h"
#include "common/base/cleanup.h"
#include "common/base/durable.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 3, COPY_BLOCK = 1 << 20 };

struct importer {
    struct desk desk;
    int scratch; /* the folder for files that come out of archives and standard input */
};

/* ---- signals ---- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

void importer_heed_signals(void)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = stop};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        (void)sigaction(wanted[i], &action, NULL);
}

bool importer_is_stopped(void)
{
    return stopped != 0;
}

/* ---- what is taken from ---- */

static bool take_open(struct importer *importer, const char *label, int fd, unsigned depth);

static bool count(struct importer *importer, enum outcome outcome, const char *label)
{
    if (outcome == OUTCOMES)
        return false;
    tally_add(&importer->desk.tally, outcome, label);
    return true;
}

/* An archive on its way through take_open(). */
struct opened {
    struct importer *importer;
    const char *label;
    unsigned depth;
};

static bool take_packed(void *context, const char *name, int fd)
{
    const struct opened *opened = context;
    AUTO(text_release) struct text label = TEXT_EMPTY;
    text_format(&label, "%s: %s", opened->label, name);
    return take_open(opened->importer, text_string(&label), fd, opened->depth + 1);
}

static bool proceed(void *context, int64_t bytes)
{
    const struct opened *opened = context;
    return room_await(&opened->importer->desk, bytes);
}

static bool take_bundle(struct importer *importer, const char *label, int fd, unsigned depth)
{
    static const enum outcome outcomes[] = {[BUNDLE_DAMAGED] = OUTCOME_DAMAGED,
                                            [BUNDLE_SWOLLEN] = OUTCOME_SWOLLEN,
                                            [BUNDLE_FULL] = OUTCOME_DISK,
                                            [BUNDLE_STOPPED] = OUTCOMES};
    struct opened opened = {importer, label, depth};
    const struct bundle_reader reader = {importer->scratch, &bundle_bounds_usual, take_packed, proceed,
                                         &opened};
    if (depth == DEPTH_MAX)
        return count(importer, OUTCOME_DEEP, label);
    enum bundle_end end = bundle_each(fd, &reader);
    return end == BUNDLE_READ || count(importer, outcomes[end], label);
}

static bool take_open(struct importer *importer, const char *label, int fd, unsigned depth)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return count(importer, OUTCOME_SPECIAL, label);
    if (bundle_is_one(fd))
        return take_bundle(importer, label, fd, depth);
    enum outcome outcome = instance_take(&importer->desk.instances, fd);
    importer->desk.tally.bytes = importer->desk.instances.bytes;
    return count(importer, outcome, label);
}

/* Not to wait for a pipe's other end. */
static bool take_file(void *context, const char *path)
{
    struct importer *importer = context;
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status = {.st_size = 0};
    bool going = fd < 0 ? count(importer, OUTCOME_UNREADABLE, path) : take_open(importer, path, fd, 0);
    if (fd >= 0 && fstat(fd, &status) == 0)
        importer->desk.progress.bytes += status.st_size;
    importer->desk.progress.files++;
    progress_show(&importer->desk.progress, NULL);
    return going && !importer_is_stopped();
}

static bool take_listed(void *context, const char *path)
{
    struct importer *importer = context;
    if (access(path, F_OK) == 0)
        return take_file(importer, path);
    return count(importer, OUTCOME_MISSING, path);
}

/* A file that a person named: of a DICOMDIR, what it lists is meant. */
static bool take_named(struct importer *importer, const char *path)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int64_t before = importer->desk.tally.counts[OUTCOME_DIRECTORY];
    bool going = take_file(importer, path);
    if (!going || importer->desk.tally.counts[OUTCOME_DIRECTORY] == before)
        return going;
    if (directory_each(path, take_listed, importer, &reason) < 0)
        return count(importer, OUTCOME_UNREADABLE, path);
    return !importer_is_stopped();
}

/* ---- standard input ---- */

static int copy_input(struct importer *importer, int fd)
{
    AUTO(memory_free) char *block = memory_new(1, COPY_BLOCK);
    for (;;) {
        if (!room_await(&importer->desk, COPY_BLOCK))
            return ERR_AGAIN;
        ssize_t n = read(STDIN_FILENO, block, COPY_BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0 ? 0 : err_from_errno(errno);
        if (write(fd, block, (size_t)n) != n)
            return ERR_NOSPACE;
        progress_show(&importer->desk.progress, "reads standard input");
    }
}

static bool take_input(struct importer *importer)
{
    static const char label[] = "standard input";
    AUTO(fd_close) int fd = bundle_scratch(importer->scratch);
    int rc = fd < 0 ? fd : copy_input(importer, fd);
    if (rc == ERR_AGAIN)
        return false;
    if (rc < 0)
        return count(importer, rc == ERR_NOSPACE ? OUTCOME_DISK : OUTCOME_UNREADABLE, label);
    return take_open(importer, label, fd, 0);
}

bool importer_take(struct importer *importer, const char *path)
{
    if (strcmp(path, "-") == 0)
        return take_input(importer);
    if (!folder_is_one(path))
        return take_named(importer, path);
    if (folder_walk_files(path, take_file, importer) < 0)
        return count(importer, OUTCOME_UNREADABLE, path);
    return !importer_is_stopped();
}

/* ---- its life ---- */

static int open_scratch(const char *state_dir)
{
    int folder = -1;
    AUTO(fd_close) int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state < 0)
        return err_from_errno(errno);
    int rc = durable_folder(state, "imports", &folder);
    return rc < 0 ? rc : folder;
}

static bool proceed_instance(void *context)
{
    struct importer *importer = context;
    progress_show(&importer->desk.progress, NULL);
    return !importer_is_stopped();
}

static bool find_room(void *context, int64_t bytes)
{
    return room_await(&((struct importer *)context)->desk, bytes);
}

static void show_header(void *context, struct header *header)
{
    outlook_add(((struct importer *)context)->desk.outlook, header);
}

static void set_desk(struct importer *importer, const struct import_order *order)
{
    struct instance_desk *desk = &importer->desk.instances;
    desk->node = order->node;
    desk->source = order->source;
    desk->db = order->db;
    desk->again = order->again;
    desk->proceed = proceed_instance;
    desk->find_room = find_room;
    desk->show = order->dry_run ? show_header : NULL;
    desk->context = importer;
}

int importer_create(const struct import_order *order, struct importer **ret_importer, struct text *ret_reason)
{
    AUTO(importer_destroy) struct importer *importer = memory_new(1, sizeof *importer);
    const char *state_dir = order->config->state_dir;
    importer->desk.order = order;
    set_desk(importer, order);
    importer->scratch = -1;
    int rc = spool_create(state_dir, &importer->desk.instances.spool);
    if (rc == 0 && (importer->scratch = open_scratch(state_dir)) < 0)
        rc = importer->scratch;
    if (rc < 0) {
        text_format(ret_reason, "%s cannot be written: %s", state_dir, err_text(rc));
        return rc;
    }
    (void)spool_sweep_partial(importer->desk.instances.spool,
                              NULL); /* what an import that was killed had begun */
    if ((rc = ledger_open(state_dir, order->source, &importer->desk.instances.ledger, ret_reason)) < 0)
        return rc;
    importer->desk.instances.deposit =
        deposit_create(importer->desk.instances.spool, order->config->receiver.min_free_space);
    importer->desk.instances.digest = sha256_stream_create();
    importer->desk.outlook = order->dry_run ? outlook_create(order->node) : NULL;
    *ret_importer = importer;
    importer = NULL;
    return 0;
}

void importer_destroy(struct importer **importer)
{
    struct importer *i = *importer;
    if (!i)
        return;
    progress_clear(&i->desk.progress);
    deposit_destroy(&i->desk.instances.deposit);
    ledger_close(&i->desk.instances.ledger);
    spool_destroy(&i->desk.instances.spool);
    sha256_stream_destroy(&i->desk.instances.digest);
    outlook_destroy(&i->desk.outlook);
    tally_release(&i->desk.tally);
    fd_close(&i->scratch);
    memory_free(importer);
}

const struct tally *importer_tally(const struct importer *importer)
{
    return &importer->desk.tally;
}

const struct outlook *importer_outlook(const struct importer *importer)
{
    return importer->desk.outlook;
}

struct progress *importer_progress(struct importer *importer)
{
    return &importer->desk.progress;
}
