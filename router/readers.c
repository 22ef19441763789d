#include "router/readers.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/base/program.h"
#include "common/reading/channel.h"
#include "common/reading/limit.h"
#include "router/header_process.h"
#include "router/reading_jobs.h"
#include "router/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    HELD_MAX = 64 << 20, /* bytes of answers that nobody has taken yet */
    ENDS_MAX = 3,        /* of processes from outside, while they have the same file */
    END_MS = 1000,       /* for a process to be gone that has closed its socket */
    END_LOOK_MS = 5,
    LOOK_MS = 1000,
    CPU_LEAST_MS = 50,                                            /* of a process that does something */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) /* eight times as slow */
    CPU_MOST_MS = 6 * READING_SECONDS_MAX * 1000,
#else
    CPU_MOST_MS = 2 * READING_SECONDS_MAX * 1000,
#endif
    SILENCE_MOST_MS = 10 * 60 * 1000,
    BACKOFF_MS = 200,
    BACKOFF_MAX_MS = 10 * 1000
};

struct slot {
    struct header_process *process; /* NULL: none */
    enum header_end cause;          /* why it was killed here; HEADER_RUNS: it was not */
    bool ending;
    bool told;                   /* the questions */
    bool answered;               /* since its start */
    bool reserved;               /* for a job that wants to be alone */
    unsigned in_hand;            /* jobs */
    int64_t heard_at, heard_cpu; /* ... and what it had used of a processor then, in ms */
    int64_t look_at;             /* whether it is stalled */
    int64_t ending_at, start_at;
    unsigned failures; /* starts in a row that came to nothing */
};

struct readers {
    int program;
    bool sandbox; /* for them */
    struct questions *questions;
    uint64_t generation;
    int questions_fd; /* a file in memory that nobody can change; -1: to be made */
    uint64_t last_id;
    struct slot slots[READERS];
    struct reading_jobs jobs;
};

/* ---- an answer ---- */

static void end_alone(struct readers *readers, const struct job *job)
{
    if (job->alone)
        readers->slots[job->slot].reserved = false;
}

/* False: it is nonsense. */
static bool take_reading(struct readers *readers, struct job *job, char *bytes, size_t length)
{
    struct reading *reading = NULL;
    if (reading_parse(bytes, length, readers->questions, &reading) != 0)
        return false;
    end_alone(readers, job);
    reading_jobs_answer(&readers->jobs, job, reading);
    return true;
}

static bool take_answer(struct readers *readers, size_t number, uint64_t id, char *bytes, size_t length)
{
    struct slot *slot = &readers->slots[number];
    struct job *job = reading_jobs_in_hand(&readers->jobs, number);
    if (!job || job->id != id) {
        memory_free(&bytes);
        return false;
    }
    if (job->generation != readers->generation) { /* it answers other questions */
        memory_free(&bytes);
        job->state = JOB_WAITING;
    } else if (!take_reading(readers, job, bytes, length))
        return false;
    slot->in_hand--;
    slot->answered = true;
    slot->failures = 0;
    return true;
}

/* It lives: an answer came, or it has something to do from now on. */
static void note_life(struct slot *slot, int64_t now)
{
    slot->heard_at = now;
    slot->look_at = now + READERS_STALL_MS;
    slot->heard_cpu = header_process_cpu_ms(slot->process);
}

static void begin_end(struct slot *slot, enum header_end cause, int64_t now)
{
    slot->ending = true;
    slot->ending_at = now;
    slot->cause = cause;
    if (cause != HEADER_RUNS)
        header_process_kill(slot->process);
}

static void receive(struct readers *readers, size_t number, int64_t now)
{
    struct slot *slot = &readers->slots[number];
    int code = 0;
    bool heard = false;
    while (readers->jobs.held < HELD_MAX) {
        uint64_t id;
        char *bytes;
        size_t length;
        code = header_process_receive(slot->process, &id, &bytes, &length);
        if (code == 0 && !take_answer(readers, number, id, bytes, length))
            code = ERR_SYNTAX;
        if (code != 0)
            break;
        heard = true;
    }
    if (heard || code == 0) /* 0: it may wait for us */
        note_life(slot, now);
    if (code != 0 && code != ERR_AGAIN)
        begin_end(slot, code == ERR_SYNTAX ? HEADER_NONSENSE : HEADER_RUNS, now);
}

/* ---- the end of a process ---- */

static void blame(struct readers *readers, struct job *job, enum header_end end)
{
    static const bool blames[HEADER_ENDS] = {
#define X(NAME, is_its_fault, sentence) [HEADER_##NAME] = (is_its_fault),
        HEADER_END_MAP(X)
#undef X
    };
    bool is_condemned = blames[end] && (job->alone || end == HEADER_TIME);
    if (is_condemned || (!blames[end] && ++job->ends >= ENDS_MAX)) {
        end_alone(readers, job);
        reading_jobs_refuse(&readers->jobs, job, is_condemned ? ERR_SYNTAX : ERR_IO,
                            header_end_sentence(end));
        return;
    }
    job->alone = true;
    readers->slots[job->slot].reserved = true;
}

static void plan_start(struct slot *slot, bool is_blamed, int64_t now)
{
    int64_t delay = 0;
    if (!is_blamed && !slot->answered) {
        delay = (int64_t)BACKOFF_MS << (slot->failures < 6 ? slot->failures : 6);
        slot->failures++;
    }
    slot->start_at = now + (delay < BACKOFF_MAX_MS ? delay : BACKOFF_MAX_MS);
}

static void bury(struct readers *readers, size_t number, int64_t now)
{
    struct slot *slot = &readers->slots[number];
    enum header_end end = header_process_end(slot->process);
    if (end == HEADER_RUNS) {
        if (now - slot->ending_at >= END_MS)
            header_process_kill(slot->process);
        return;
    }
    if (slot->cause != HEADER_RUNS)
        end = slot->cause;
    struct job *culprit = reading_jobs_in_hand(&readers->jobs, number);
    log_warning("a process that reads headers ended, another one goes on",
                LOG_S("receipt", culprit ? culprit->answer.receipt : ""),
                LOG_S("because", header_end_sentence(end)));
    reading_jobs_put_back(&readers->jobs, number);
    if (culprit)
        blame(readers, culprit, end);
    plan_start(slot, end != HEADER_OUTSIDE, now);
    header_process_destroy(&slot->process);
    slot->ending = false;
    slot->in_hand = 0;
}

static void start(struct readers *readers, struct slot *slot, int64_t now)
{
    int code = header_process_start(readers->program, readers->sandbox, &slot->process);
    slot->told = slot->answered = false;
    slot->cause = HEADER_RUNS;
    if (code != 0) {
        log_error("cannot start felucca-header, trying again", LOG_S("error", err_text(code)));
        plan_start(slot, false, now);
    }
}

/* One that waits for a processor, on a busy machine, is not stalled. One that has its own limit not under control is
 * limited here. */
static void look_at_silence(struct slot *slot, int64_t now)
{
    int64_t used = header_process_cpu_ms(slot->process) - slot->heard_cpu;
    slot->look_at = now + LOOK_MS;
    if (used >= CPU_MOST_MS)
        begin_end(slot, HEADER_TIME, now);
    else if (used < CPU_LEAST_MS || now - slot->heard_at >= SILENCE_MOST_MS)
        begin_end(slot, HEADER_STALLED, now);
}

static void slot_turn(struct readers *readers, size_t number, int64_t now)
{
    struct slot *slot = &readers->slots[number];
    if (slot->process && !slot->ending)
        receive(readers, number, now);
    if (slot->process && !slot->ending && slot->in_hand > 0 && now >= slot->look_at)
        look_at_silence(slot, now);
    if (slot->process && slot->ending)
        bury(readers, number, now);
    if (!slot->process && now >= slot->start_at)
        start(readers, slot, now);
}

/* ---- sending ---- */

/* The helpers read it whenever they are started. False: there is no memory for it now. */
static bool make_questions_file(struct readers *readers)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    if (readers->questions_fd >= 0)
        return true;
    questions_write(readers->questions, &bytes);
    return sealed_create("questions", bytes.bytes, bytes.length, &readers->questions_fd);
}

static int tell_questions(struct readers *readers, struct slot *slot)
{
    const struct request request = {.kind = REQUEST_QUESTIONS};
    if (slot->told)
        return 0;
    if (!make_questions_file(readers))
        return ERR_AGAIN;
    int code = channel_ask(header_process_socket(slot->process), &request, readers->questions_fd);
    slot->told = code == 0;
    return code;
}

/* False: not now. */
static bool send_job(struct readers *readers, size_t number, struct job *job, int64_t now)
{
    struct slot *slot = &readers->slots[number];
    struct request request = {.kind = REQUEST_FILE, .id = readers->last_id + 1};
    memcpy(request.receipt, job->answer.receipt, sizeof request.receipt);
    int code = tell_questions(readers, slot);
    if (code == 0)
        code = channel_ask(header_process_socket(slot->process), &request, job->fd);
    if (code == ERR_NETWORK)
        begin_end(slot, HEADER_RUNS, now);
    if (code != 0)
        return false;
    job->id = ++readers->last_id;
    job->generation = readers->generation;
    job->slot = number;
    job->state = JOB_SENT;
    if (slot->in_hand++ == 0)
        note_life(slot, now);
    return true;
}

static bool is_ready(const struct slot *slot)
{
    return slot->process && !slot->ending;
}

/* Who has the least in hand and may have more; READERS: nobody. */
static size_t free_slot(const struct readers *readers)
{
    size_t best = READERS;
    for (size_t i = 0; i < READERS; i++) {
        const struct slot *slot = &readers->slots[i];
        if (is_ready(slot) && !slot->reserved && slot->in_hand < READERS_DEPTH &&
            (best == READERS || slot->in_hand < readers->slots[best].in_hand))
            best = i;
    }
    return best;
}

static void send_alone(struct readers *readers, int64_t now)
{
    for (size_t i = 0; i < READING_JOBS; i++) {
        struct job *job = &readers->jobs.list[i];
        const struct slot *slot = &readers->slots[job->slot];
        if (job->state == JOB_WAITING && job->alone && is_ready(slot) && slot->in_hand == 0)
            (void)send_job(readers, job->slot, job, now);
    }
}

static void send_waiting(struct readers *readers, int64_t now)
{
    struct job *job;
    size_t slot;
    send_alone(readers, now);
    while ((slot = free_slot(readers)) < READERS &&
           (job = reading_jobs_first(&readers->jobs, JOB_WAITING, READERS_PURPOSES)) &&
           send_job(readers, slot, job, now))
        continue;
}

void readers_turn(struct readers *readers)
{
    int64_t now = clock_monotonic_ms();
    for (size_t i = 0; i < READERS; i++)
        slot_turn(readers, i, now);
    send_waiting(readers, now);
}

/* ---- waiting ---- */

size_t readers_fds(const struct readers *readers, struct pollfd *ret_fds)
{
    size_t count = 0;
    for (size_t i = 0; i < READERS && readers->jobs.held < HELD_MAX; i++) {
        if (is_ready(&readers->slots[i]))
            ret_fds[count++] =
                (struct pollfd){.fd = header_process_socket(readers->slots[i].process), .events = POLLIN};
    }
    return count;
}

static int64_t slot_wakes_at(const struct slot *slot)
{
    if (!slot->process)
        return slot->start_at;
    if (slot->ending)
        return clock_monotonic_ms() + END_LOOK_MS;
    return slot->in_hand > 0 ? slot->look_at : INT64_MAX;
}

int64_t readers_wakes_at(const struct readers *readers)
{
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < READERS; i++) {
        int64_t at = slot_wakes_at(&readers->slots[i]);
        soonest = at < soonest ? at : soonest;
    }
    for (size_t i = 0; i < READING_JOBS; i++) {
        const struct job *job = &readers->jobs.list[i];
        if (job->state == JOB_ANSWERED && job->purpose != READERS_CHANGE)
            return 0;
    }
    return soonest;
}

bool readers_await(struct readers *readers, enum readers_purpose purpose, const char *receipt, int64_t ms,
                   struct readers_answer *ret_answer)
{
    int64_t until = clock_monotonic_ms() + ms, now;
    for (;;) {
        struct pollfd fds[READERS];
        readers_turn(readers);
        if (readers_take(readers, purpose, receipt, ret_answer))
            return true;
        if ((now = clock_monotonic_ms()) >= until)
            return false;
        int64_t wakes_at = readers_wakes_at(readers), left = until - now;
        if (wakes_at - now < left)
            left = wakes_at > now ? wakes_at - now : 1;
        (void)poll(fds, readers_fds(readers, fds), (int)left);
    }
}

/* ---- asking ---- */

bool readers_have_room(const struct readers *readers, enum readers_purpose purpose)
{
    static const size_t most[] = {[READERS_INTAKE] = READERS * READERS_DEPTH,
                                  [READERS_CHANGE] = READING_JOBS_CHANGES,
                                  [READERS_INQUIRY] = READING_JOBS_INQUIRIES};
    return reading_jobs_count(&readers->jobs, purpose) < most[purpose];
}

bool readers_know(struct readers *readers, const char *receipt)
{
    return reading_jobs_find(&readers->jobs, receipt) != NULL;
}

void readers_ask(struct readers *readers, enum readers_purpose purpose, const char *receipt, int fd)
{
    reading_jobs_add(&readers->jobs, purpose, receipt, fd);
}

bool readers_take(struct readers *readers, enum readers_purpose purpose, const char *receipt,
                  struct readers_answer *ret_answer)
{
    struct job *job = receipt ? reading_jobs_find(&readers->jobs, receipt)
                              : reading_jobs_first(&readers->jobs, JOB_ANSWERED, purpose);
    if (!job || job->state != JOB_ANSWERED || job->purpose != purpose)
        return false;
    reading_jobs_take(&readers->jobs, job, ret_answer);
    return true;
}

void readers_forget(struct readers *readers, enum readers_purpose purpose, const char *receipt)
{
    for (size_t i = 0; i < READING_JOBS; i++) {
        struct job *job = &readers->jobs.list[i];
        if (job->state == JOB_FREE || job->purpose != purpose ||
            (receipt && strcmp(job->answer.receipt, receipt) != 0))
            continue;
        if (job->state == JOB_WAITING)
            end_alone(readers, job);
        reading_jobs_forget(&readers->jobs, job);
    }
}

/* ---- creation ---- */

void readers_configure(struct readers *readers, struct questions *questions)
{
    reading_jobs_ask_again(&readers->jobs);
    questions_destroy(&readers->questions);
    readers->questions = questions;
    readers->generation++;
    fd_close(&readers->questions_fd);
    for (size_t i = 0; i < READERS; i++)
        readers->slots[i].told = false;
}

int readers_create(struct questions *questions, bool sandbox, struct readers **ret_readers,
                   struct text *ret_reason)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    AUTO(readers_destroy) struct readers *readers = memory_new(1, sizeof *readers);
    readers->program = readers->questions_fd = -1;
    readers->sandbox = sandbox;
    reading_jobs_init(&readers->jobs);
    readers_configure(readers, questions);
    if (!program_find("felucca-header", &path)) {
        text_append(ret_reason,
                    "felucca-header is neither beside felucca-router nor in $PATH: install it there");
        return ERR_ABSENT;
    }
    readers->program = open(text_string(&path), O_PATH | O_CLOEXEC);
    int code = readers->program < 0 ? err_from_errno(errno) : 0;
    for (size_t i = 0; i < READERS && code == 0; i++)
        code = header_process_start(readers->program, readers->sandbox, &readers->slots[i].process);
    if (code != 0) {
        text_format(ret_reason, "%s: %s", text_string(&path), err_text(code));
        return code;
    }
    *ret_readers = readers;
    readers = NULL;
    return 0;
}

int readers_start_another(const struct readers *readers, struct header_process **ret_process)
{
    return header_process_start(readers->program, readers->sandbox, ret_process);
}

void readers_destroy(struct readers **readers)
{
    if (!*readers)
        return;
    for (size_t i = 0; i < READERS; i++)
        header_process_destroy(&(*readers)->slots[i].process);
    reading_jobs_release(&(*readers)->jobs);
    questions_destroy(&(*readers)->questions);
    fd_close(&(*readers)->program);
    fd_close(&(*readers)->questions_fd);
    memory_free(readers);
}
