#include "router/outbox.h"

#include "common/base/clock.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { PORTION_LEAST = 8, PORTION_MOST = 500, REMOVING_MS = 10 };

struct letter {
    struct bus_peer peer;
    enum work_verb verb;
    char *json;
    char work[WORK_ID_SIZE]; /* WORK: its id */
};

struct file_change {
    char receipt[RECEIPT_SIZE];
    enum spool_place from, to;
    bool remove;
    int64_t instance_id;
};

struct control_letter {
    struct bus_peer peer;
    char *json;
};

struct outbox {
    struct letter *letters;
    size_t letter_count, letter_capacity;
    struct control_letter *answers;
    size_t answer_count, answer_capacity;
    struct file_change *changes;
    size_t change_count, change_capacity;
    size_t portion; /* of removals, that take about REMOVING_MS */
    int64_t removing_ms;
};

struct outbox *outbox_create(void)
{
    struct outbox *outbox = memory_new(1, sizeof *outbox);
    outbox->portion = PORTION_LEAST;
    return outbox;
}

static void drop_letters(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->letter_count; i++)
        free(outbox->letters[i].json);
    outbox->letter_count = 0;
    for (size_t i = 0; i < outbox->answer_count; i++)
        free(outbox->answers[i].json);
    outbox->answer_count = 0;
}

void outbox_destroy(struct outbox **outbox)
{
    if (!*outbox)
        return;
    drop_letters(*outbox);
    free((*outbox)->letters);
    free((*outbox)->answers);
    free((*outbox)->changes);
    free(*outbox);
    *outbox = NULL;
}

void outbox_say(struct outbox *outbox, const struct bus_peer *peer, const struct work_message *message)
{
    struct text json = TEXT_EMPTY;
    work_encode(message, &json);
    outbox->letters = memory_grow(outbox->letters, &outbox->letter_capacity, outbox->letter_count + 1,
                                  sizeof *outbox->letters);
    outbox->letters[outbox->letter_count++] =
        (struct letter){.peer = *peer, .verb = message->verb, .json = text_take(&json)};
    if (message->verb == WORK_WORK)
        memcpy(outbox->letters[outbox->letter_count - 1].work, message->work->id, WORK_ID_SIZE);
}

void outbox_answer(struct outbox *outbox, const struct bus_peer *peer, const struct control_answer *answer)
{
    struct text json = TEXT_EMPTY;
    control_answer_encode(answer, &json);
    outbox->answers = memory_grow(outbox->answers, &outbox->answer_capacity, outbox->answer_count + 1,
                                  sizeof *outbox->answers);
    outbox->answers[outbox->answer_count++] =
        (struct control_letter){.peer = *peer, .json = text_take(&json)};
}

static struct file_change *add_change(struct outbox *outbox, const char *receipt)
{
    outbox->changes = memory_grow(outbox->changes, &outbox->change_capacity, outbox->change_count + 1,
                                  sizeof *outbox->changes);
    struct file_change *change = &outbox->changes[outbox->change_count++];
    *change = (struct file_change){0};
    (void)snprintf(change->receipt, sizeof change->receipt, "%s", receipt);
    return change;
}

void outbox_move(struct outbox *outbox, const char *receipt, enum spool_place from, enum spool_place to)
{
    if (from == to)
        return;
    struct file_change *change = add_change(outbox, receipt);
    change->from = from;
    change->to = to;
}

void outbox_remove(struct outbox *outbox, const char *receipt, enum spool_place place, int64_t instance_id)
{
    struct file_change *change = add_change(outbox, receipt);
    change->from = place;
    change->remove = true;
    change->instance_id = instance_id;
}

static void move_file(const struct file_change *change, struct spool *spool,
                      const struct outbox_hearer *hearer)
{
    CRASH_POINT_IF(change->to == SPOOL_QUEUE, ROUTER_QUEUE_DUE);
    CRASH_POINT_IF(change->to == SPOOL_QUARANTINE, ROUTER_QUARANTINE_DUE);
    CRASH_POINT_IF(change->to == SPOOL_KEPT, ROUTER_KEEP_DUE);
    int code = spool_move(spool, change->receipt, change->from, change->to);
    CRASH_POINT_IF(change->to == SPOOL_QUEUE, ROUTER_QUEUED);
    CRASH_POINT_IF(change->to == SPOOL_QUARANTINE, ROUTER_QUARANTINED);
    CRASH_POINT_IF(change->to == SPOOL_KEPT, ROUTER_KEPT);
    if (code != 0)
        hearer->failed(hearer->context, change->receipt, change->to, code);
}

static void remove_file(const struct file_change *change, struct spool *spool,
                        const struct outbox_hearer *hearer)
{
    CRASH_POINT(ROUTER_REMOVE_DUE);
    int code = spool_remove(spool, change->receipt, change->from);
    CRASH_POINT(ROUTER_REMOVED);
    if (code != 0)
        hearer->failed(hearer->context, change->receipt, change->from, code);
    else
        hearer->gone(hearer->context, change->instance_id);
}

size_t outbox_portion(const struct outbox *outbox)
{
    return outbox->portion;
}

int64_t outbox_removing_ms(const struct outbox *outbox)
{
    return outbox->removing_ms;
}

static void move_files(struct outbox *outbox, struct spool *spool, const struct outbox_hearer *hearer)
{
    for (size_t i = 0; i < outbox->change_count; i++) {
        if (!outbox->changes[i].remove)
            move_file(&outbox->changes[i], spool, hearer);
    }
}

static void send_letters(struct outbox *outbox, struct bus *bus, const struct outbox_hearer *hearer)
{
    for (size_t i = 0; i < outbox->letter_count; i++) {
        const struct letter *letter = &outbox->letters[i];
        const char *verb = work_verb_name(letter->verb);
        CRASH_POINT_IF(letter->verb == WORK_WORK, ROUTER_WORK_DUE);
        CRASH_POINT_IF(letter->verb == WORK_ACK, ROUTER_ACK_DUE);
        int code = bus_send(bus, &letter->peer, verb, strlen(verb), letter->json, strlen(letter->json));
        if (code == ERR_ABSENT && letter->verb == WORK_WORK)
            hearer->undelivered(hearer->context, &letter->peer, letter->work);
        CRASH_POINT_IF(letter->verb == WORK_WORK, ROUTER_WORK_SENT);
        CRASH_POINT_IF(letter->verb == WORK_ACK, ROUTER_ACK_SENT);
    }
}

/* Who does not hear an answer asks again. */
static void send_answers(const struct outbox *outbox, struct bus *bus)
{
    for (size_t i = 0; i < outbox->answer_count; i++) {
        const struct control_letter *answer = &outbox->answers[i];
        CRASH_POINT(ROUTER_ANSWER_DUE);
        (void)bus_send(bus, &answer->peer, answer->json, strlen(answer->json), NULL, 0);
    }
}

static void remove_files(struct outbox *outbox, struct spool *spool, const struct outbox_hearer *hearer)
{
    int64_t began = clock_monotonic_ms();
    size_t removed = 0;
    for (size_t i = 0; i < outbox->change_count; i++) {
        if (!outbox->changes[i].remove)
            continue;
        remove_file(&outbox->changes[i], spool, hearer);
        removed++;
    }
    int64_t took = outbox->removing_ms = clock_monotonic_ms() - began;
    if (took > REMOVING_MS && outbox->portion / 2 >= PORTION_LEAST)
        outbox->portion /= 2;
    else if (took < REMOVING_MS / 2 && removed >= outbox->portion && outbox->portion * 2 <= PORTION_MOST)
        outbox->portion *= 2;
}

void outbox_flush(struct outbox *outbox, const struct outbox_ways *ways, const struct outbox_hearer *hearer)
{
    /* Files first: a worker told of one in queue/ should find it there. Removals last: nobody waits. */
    move_files(outbox, ways->spool, hearer);
    send_letters(outbox, ways->work, hearer);
    send_answers(outbox, ways->control);
    drop_letters(outbox);
    remove_files(outbox, ways->spool, hearer);
    outbox->change_count = 0;
}
