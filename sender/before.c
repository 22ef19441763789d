#include "sender/before.h"

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "sender/parts.h"
#include "sender/stow.h"

#include <stdlib.h>
#include <string.h>

enum {
    MUTE_MS = 60 * 1000,
    LARGE = 16 << 20 /* bytes of a request whose repetition costs more than a question for each series */
};

/* ---- who does not answer ---- */

struct mute {
    char *destination;
    int64_t until; /* monotonic */
};

struct before_mutes {
    struct mute *list;
    size_t count, capacity;
};

struct before_mutes *before_mutes_create(void)
{
    return memory_new(1, sizeof(struct before_mutes));
}

void before_mutes_destroy(struct before_mutes **mutes)
{
    for (size_t i = 0; *mutes && i < (*mutes)->count; i++)
        free((*mutes)->list[i].destination);
    if (*mutes)
        free((*mutes)->list);
    memory_free(mutes);
}

static struct mute *find_mute(const struct before_mutes *mutes, const char *destination)
{
    for (size_t i = 0; i < mutes->count; i++)
        if (strcmp(mutes->list[i].destination, destination) == 0)
            return &mutes->list[i];
    return NULL;
}

static bool is_mute(const struct before_mutes *mutes, const char *destination)
{
    const struct mute *mute = find_mute(mutes, destination);
    return mute && mute->until > clock_monotonic_ms();
}

static void set_mute(struct before_mutes *mutes, const char *destination)
{
    struct mute *mute = find_mute(mutes, destination);
    if (!mute) {
        mutes->list = memory_grow(mutes->list, &mutes->capacity, mutes->count + 1, sizeof *mutes->list);
        mute = &mutes->list[mutes->count++];
        mute->destination = memory_string(destination);
    }
    mute->until = clock_monotonic_ms() + MUTE_MS;
}

/* ---- what is asked ---- */

static bool is_large(const struct batch *batch)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < batch->count; i++)
        bytes += batch->items[i].data_size;
    return bytes >= LARGE;
}

/* Whether its absence would be news: afterwards nobody can ask about it any more. */
static bool is_open(const struct batch_item *item)
{
    return item->fresh && !item->absent && uid_is_plain(item->series);
}

/* The next series that has something open, or NULL. */
static const char *next_series(struct before *before)
{
    const struct batch *batch = before->batch;
    while (before->series_asked < batch->count) {
        const size_t next = before->series_asked++;
        bool asked = false;
        for (size_t i = 0; i < next && !asked; i++)
            asked = strcmp(batch->items[i].series, batch->items[next].series) == 0 && batch->items[i].fresh;
        if (!asked && is_open(&batch->items[next]))
            return batch->items[next].series;
    }
    return NULL;
}

/* ---- what is answered ---- */

/* Nothing of the study, or of one series of it, was there. */
static void note_absent(struct before *before)
{
    before->task->result->vacant = before->task->result->vacant || !before->series;
    for (size_t i = 0; i < before->batch->count; i++) {
        struct batch_item *item = &before->batch->items[i];
        if (before->series && (strcmp(item->series, before->series) != 0 || !item->fresh))
            continue;
        item->absent = true;
        before->task->result->answers[item->index].absent = true;
    }
}

static void before_answered(void *context, struct http_answer *answer)
{
    struct before *before = context;
    struct task *task = before->task;
    task->transfer = NULL;
    enum stow_there there = stow_read_there(answer, task->work->study, before->series);
    if (there == STOW_NOT_THERE)
        note_absent(before);
    else if (there == STOW_UNTOLD)
        set_mute(((const struct sender *)task->process->own)->mutes, task->work->destination);
    before->done(task);
}

bool before_ask(struct before *before, struct task *task, struct batch *batch,
                const struct config_destination *destination, const struct credentials *credentials,
                void (*done)(struct task *task))
{
    const struct token_place place = {destination->name, NULL, WORK_TOKEN_STOW};
    bool study = task->work->unasked && !before->study_asked;
    *before = (struct before){task, batch, done, true, before->series_asked, NULL};
    if (task->result->vacant || !uid_is_plain(task->work->study) ||
        is_mute(((const struct sender *)task->process->own)->mutes, destination->name) ||
        !token_watch_allows(task->process->tokens, &place, text_string(&credentials->token), "read"))
        return false;
    if (!study)
        before->series = is_large(batch) ? next_series(before) : NULL;
    if (!study && !before->series)
        return false;
    stow_ask_there(task->process->http, destination, credentials, task->work->study, before->series,
                   before_answered, before, &task->transfer);
    return true;
}
