#include "tray/tray.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "tray/away.h"
#include "tray/engine.h"
#include "tray/look.h"
#include "tray/rest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_TRIES = 3,
    PASSED_MOST = 10 * TRAY_FILES_MOST,
    NO_ROOM_MS = 5 * 60 * 1000, /* a file that had none is not copied in vain before */
    LOOK_LEAST_MS = 200,
    LOOK_MOST_MS = 10000,
    END_S = 10
};

struct tray {
    const struct config *config;
    const struct config_tray *order;
    pthread_t thread;
    pthread_mutex_t mutex; /* over report, is_new and the wait */
    pthread_cond_t stopped;
    atomic_bool is_stopping, has_ended;
    atomic_llong moved_at; /* monotonic ms: its last sign of life */
    struct tray_report report;
    bool is_new;
    struct metric *files, *bytes, *waiting, *works;
    /* The thread's own. */
    struct engine engine;
    struct rest *rest;
    struct text trouble; /* of the look at hand */
    bool is_full;        /* the spool's disk, for any file */
    int root;
    int64_t seen, passed, stuck, taken, known, set_aside; /* of the look at hand */
};

/* ---- what the others see ---- */

static bool proceed(void *context)
{
    struct tray *tray = context;
    atomic_store(&tray->moved_at, clock_monotonic_ms());
    return !atomic_load(&tray->is_stopping);
}

static void tell_trouble(const struct tray *tray, const char *before)
{
    if (strcmp(before, tray->report.trouble) == 0)
        return;
    if (*tray->report.trouble)
        log_warning("a tray is in trouble", LOG_S("tray", tray->order->name),
                    LOG_S("reason", tray->report.trouble));
    else
        log_info("a tray works again", LOG_S("tray", tray->order->name));
}

static void publish(struct tray *tray)
{
    const char *const label[] = {tray->order->name};
    char before[TRAY_TROUBLE_SIZE];
    struct tray_report *report = &tray->report;
    (void)pthread_mutex_lock(&tray->mutex);
    memcpy(before, report->trouble, sizeof before);
    size_t length = tray->trouble.length < sizeof before ? tray->trouble.length : sizeof before - 1;
    memset(report->trouble, 0, sizeof report->trouble);
    memcpy(report->trouble, text_string(&tray->trouble), length);
    report->trouble_since = length == 0 ? 0 : *before ? report->trouble_since : clock_wall_ms();
    tray->is_new = tray->is_new || report->waiting != tray->seen || tray->set_aside > 0 ||
                   strcmp(before, report->trouble) != 0;
    report->waiting = tray->seen;
    report->set_aside += tray->set_aside;
    (void)pthread_mutex_unlock(&tray->mutex);
    metric_set(tray->waiting, label, (double)tray->seen);
    metric_set(tray->works, label, length == 0);
    tell_trouble(tray, before);
}

static void count(struct tray *tray, const char *outcome, int64_t *sum)
{
    const char *const labels[] = {tray->order->name, outcome};
    metric_add(tray->files, labels, 1);
    ++*sum;
    tray->seen--;
}

/* ---- one file ---- */

/* Where the disk has no room for a large file, there may be some for others. */
static bool find_room(void *context, int64_t bytes)
{
    struct tray *tray = context;
    struct spool_room room;
    int64_t floor = tray->config->receiver.min_free_space;
    if (spool_room(tray->engine.desk.spool, &room) < 0 || spool_room_suffices(&room, floor + bytes))
        return true;
    tray->is_full = !spool_room_suffices(&room, floor);
    text_clear(&tray->trouble);
    if (tray->is_full)
        text_append(&tray->trouble, "it waits for room on the spool's disk (receiver.min_free_space)");
    else
        text_format(&tray->trouble,
                    "a file of %lld MB waits for room on the spool's disk (receiver.min_free_space)",
                    (long long)(bytes / 1000000));
    return false;
}

/* What becomes of the place where it lies; an errno. */
static int put_away(struct tray *tray, const struct look_file *file, enum outcome outcome)
{
    bool good = outcome_kind(outcome) == OUTCOME_GOOD || outcome == OUTCOME_DIRECTORY;
    if (!good)
        return away_failed(tray->root, file, outcome_sentence(outcome));
    return tray->order->taken == CONFIG_TAKEN_DELETE ? away_delete(tray->root, file)
                                                     : away_done(tray->root, file);
}

static void finish(struct tray *tray, const struct look_file *file, struct rest_file *rest,
                   enum outcome outcome)
{
    int error = put_away(tray, file, outcome);
    rest->is_stuck = error != 0 && error != EAGAIN;
    rest->outcome = (int)outcome;
    if (rest->is_stuck) {
        tray->stuck++;
        text_clear(&tray->trouble);
        text_append_count(&tray->trouble, tray->stuck);
        text_format(&tray->trouble, " of its files are done with and cannot be moved away: %s",
                    strerror(error));
    } else if (outcome == OUTCOME_IMPORTED) {
        count(tray, "taken", &tray->taken);
    } else if (outcome == OUTCOME_KNOWN || outcome == OUTCOME_DIRECTORY) {
        count(tray, outcome == OUTCOME_KNOWN ? "known" : "passed_over", &tray->known);
    } else {
        count(tray, "set_aside", &tray->set_aside);
    }
}

static enum outcome take(struct tray *tray, const struct look_file *file)
{
    struct stat status;
    if (!S_ISREG(file->status.st_mode))
        return OUTCOME_SPECIAL;
    AUTO(fd_close)
    int fd = openat(file->folder, file->name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? OUTCOME_CHANGED : OUTCOME_UNREADABLE;
    if (fstat(fd, &status) != 0 || status.st_ino != file->status.st_ino ||
        status.st_size != file->status.st_size)
        return OUTCOME_CHANGED;
    return instance_take(&tray->engine.desk, fd);
}

/* Whether the same may be tried at the next look: it stays where it is. */
static bool may_mend(const struct tray *tray, struct rest_file *rest, enum outcome outcome, int64_t now)
{
    if (outcome == OUTCOME_CUT)
        return now - rest->since < TRAY_PATIENCE * tray->order->settle_ms;
    if (outcome == OUTCOME_UNREADABLE)
        return ++rest->tries < READ_TRIES;
    return outcome == OUTCOME_CHANGED || outcome == OUTCOMES;
}

/* What keeps all of them from being taken. */
static bool is_in_the_way(struct tray *tray, enum outcome outcome)
{
    if (outcome == OUTCOMES) /* told already */
        return tray->is_full || atomic_load(&tray->is_stopping);
    if (outcome != OUTCOME_REFUSED && outcome != OUTCOME_DISK)
        return false;
    text_clear(&tray->trouble);
    text_append(&tray->trouble, outcome == OUTCOME_REFUSED
                                    ? "its source fills the quarantine beyond its share (felucca quarantine)"
                                    : "the disk of the spool failed");
    return true;
}

/* For this file alone, where the disk says that it has some. */
static void tell_no_room(struct tray *tray, const struct look_file *file)
{
    text_clear(&tray->trouble);
    text_format(&tray->trouble,
                "a file of %lld kB has no room on the spool's disk, which says it has some: a quota?",
                (long long)(file->status.st_size / 1000));
}

static bool settle(struct tray *tray, const struct look_file *file, struct rest_file *rest, int64_t now)
{
    const char *const label[] = {tray->order->name};
    int64_t before = tray->engine.desk.bytes;
    tray->is_full = false;
    if (rest->is_stuck) {
        finish(tray, file, rest, (enum outcome)rest->outcome);
        return true;
    }
    if (now < rest->not_before) {
        tell_no_room(tray, file);
        return true;
    }
    if (engine_begin(&tray->engine, tray->config, &tray->trouble) < 0)
        return false;
    enum outcome outcome = take(tray, file);
    metric_add(tray->bytes, label, (double)(tray->engine.desk.bytes - before));
    if (is_in_the_way(tray, outcome))
        return false;
    if (outcome == OUTCOME_NO_ROOM) {
        rest->not_before = now + NO_ROOM_MS;
        tell_no_room(tray, file);
        return true;
    }
    if (!may_mend(tray, rest, outcome, now))
        finish(tray, file, rest, outcome);
    return true;
}

static bool note(void *context, const struct look_file *file)
{
    struct tray *tray = context;
    int64_t now = clock_monotonic_ms();
    struct rest_file *rest = rest_note(tray->rest, file->path, &file->status, now);
    if (!rest) /* it comes in view as others go */
        return ++tray->passed < PASSED_MOST && proceed(tray);
    tray->seen++;
    if (now - rest->since < tray->order->settle_ms)
        return proceed(tray);
    return settle(tray, file, rest, now) && proceed(tray);
}

/* ---- one look ---- */

static bool open_all(struct tray *tray)
{
    const char *name = NULL;
    tray->root = open(tray->order->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = tray->root < 0 ? errno : away_prepare(tray->root, &name);
    if (engine_open(&tray->engine, tray->config, tray->order, &tray->trouble) < 0 || error == 0)
        return tray->trouble.length == 0;
    text_format(&tray->trouble, "its folder %s", tray->order->folder);
    if (name && strcmp(name, ".") != 0)
        text_format(&tray->trouble, "/%s", name);
    text_format(&tray->trouble, " cannot be %s: %s", name ? "written" : "opened", strerror(error));
    return false;
}

static void tell_folders(struct tray *tray, const struct look *look)
{
    if (tray->trouble.length == 0 && look->unreadable > 0)
        text_format(&tray->trouble, "%lld of the folders in it cannot be opened: %s",
                    (long long)look->unreadable, strerror(look->error));
    if (tray->trouble.length == 0 && look->deeper > 0)
        text_format(&tray->trouble, "it has folders inside more than %d others, which are not looked into",
                    LOOK_DEPTH);
}

static void look_once(struct tray *tray)
{
    struct look look = {.each = note, .proceed = proceed, .context = tray, .now = clock_wall_ms()};
    text_clear(&tray->trouble);
    tray->seen = tray->passed = tray->stuck = tray->taken = tray->known = tray->set_aside = 0;
    if (open_all(tray)) {
        if (look_walk(&look, tray->root) || tray->passed == PASSED_MOST)
            rest_sweep(tray->rest);
        engine_end(&tray->engine);
    }
    fd_close(&tray->root);
    tell_folders(tray, &look);
    if (tray->taken + tray->known + tray->set_aside > 0)
        log_info("a tray was emptied", LOG_S("tray", tray->order->name), LOG_I("taken", tray->taken),
                 LOG_I("known", tray->known), LOG_I("set_aside", tray->set_aside),
                 LOG_I("waiting", tray->seen));
    publish(tray);
}

static void rest_a_while(struct tray *tray)
{
    int64_t wait = tray->order->settle_ms / 2;
    struct timespec until;
    wait = wait < LOOK_LEAST_MS ? LOOK_LEAST_MS : wait > LOOK_MOST_MS ? LOOK_MOST_MS : wait;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += wait / 1000;
    until.tv_nsec += wait % 1000 * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_mutex_lock(&tray->mutex);
    while (!atomic_load(&tray->is_stopping) &&
           pthread_cond_timedwait(&tray->stopped, &tray->mutex, &until) != ETIMEDOUT)
        continue;
    (void)pthread_mutex_unlock(&tray->mutex);
}

static void *live(void *context)
{
    struct tray *tray = context;
    while (proceed(tray)) {
        look_once(tray);
        rest_a_while(tray);
    }
    engine_close(&tray->engine);
    atomic_store(&tray->has_ended, true);
    return NULL;
}

/* ---- its life ---- */

static void add_metrics(struct tray *tray, struct metrics *metrics)
{
    static const char *const by_tray[] = {"tray", NULL}, *const by_outcome[] = {"tray", "outcome", NULL};
    tray->files =
        metrics_add(metrics, METRIC_COUNTER, "tray_files_total",
                    "Files of a tray by what came of them: taken, known (taken before), passed_over (a "
                    "DICOMDIR) or set_aside.",
                    by_outcome);
    tray->bytes = metrics_add(metrics, METRIC_COUNTER, "tray_bytes_total",
                              "Bytes of the data sets that were taken from a tray.", by_tray);
    tray->waiting = metrics_add(metrics, METRIC_GAUGE, "tray_waiting",
                                "Files in a tray that are not taken yet.", by_tray);
    tray->works = metrics_add(metrics, METRIC_GAUGE, "tray_works",
                              "Whether files can be taken from a tray and moved away.", by_tray);
}

struct tray *tray_create(const struct config *config, const struct config_tray *order,
                         struct metrics *metrics)
{
    struct tray *tray = memory_new(1, sizeof *tray);
    pthread_condattr_t monotonic;
    tray->config = config;
    tray->order = order;
    tray->root = -1;
    tray->rest = rest_create(TRAY_FILES_MOST);
    tray->engine.desk.proceed = proceed;
    tray->engine.desk.find_room = find_room;
    tray->engine.desk.context = tray;
    add_metrics(tray, metrics);
    atomic_store(&tray->moved_at, clock_monotonic_ms());
    (void)pthread_mutex_init(&tray->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&tray->stopped, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&tray->thread, NULL, live, tray) == 0)
        return tray;
    log_error("a tray gets no thread", LOG_S("tray", order->name));
    _exit(EXIT_FAILURE);
}

void tray_stop(struct tray *tray)
{
    (void)pthread_mutex_lock(&tray->mutex);
    atomic_store(&tray->is_stopping, true);
    (void)pthread_cond_broadcast(&tray->stopped);
    (void)pthread_mutex_unlock(&tray->mutex);
}

bool tray_has_ended(const struct tray *tray)
{
    return atomic_load(&tray->has_ended);
}

bool tray_look(struct tray *tray, struct tray_report *ret_report)
{
    static const char silent[] = "the file system of its folder does not answer";
    bool hangs = clock_monotonic_ms() - atomic_load(&tray->moved_at) > TRAY_HANGS_MS;
    (void)pthread_mutex_lock(&tray->mutex);
    bool is_new = tray->is_new;
    *ret_report = tray->report;
    tray->is_new = false;
    (void)pthread_mutex_unlock(&tray->mutex);
    if (!hangs)
        return is_new;
    memcpy(ret_report->trouble, silent, sizeof silent);
    ret_report->trouble_since = ret_report->trouble_since ? ret_report->trouble_since : clock_wall_ms();
    return is_new;
}

const char *tray_name(const struct tray *tray)
{
    return tray->order->name;
}

bool tray_destroy(struct tray **tray)
{
    struct tray *t = *tray;
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += END_S;
    if (pthread_timedjoin_np(t->thread, NULL, &until) != 0)
        return false;
    rest_destroy(&t->rest);
    text_release(&t->trouble);
    (void)pthread_cond_destroy(&t->stopped);
    (void)pthread_mutex_destroy(&t->mutex);
    memory_free(tray);
    return true;
}
