#include "router/outbox.h"

#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <stdlib.h>
#include <string.h>

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

struct outbox {
    struct letter *letters;
    size_t letter_count, letter_capacity;
    struct file_change *changes;
    size_t change_count, change_capacity;
};

struct outbox *outbox_create(void)
{
    return memory_new(1, sizeof(struct outbox));
}

static void drop_letters(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->letter_count; i++)
        free(outbox->letters[i].json);
    outbox->letter_count = 0;
}

void outbox_destroy(struct outbox **outbox)
{
    if (!*outbox)
        return;
    drop_letters(*outbox);
    free((*outbox)->letters);
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

static void change_file(const struct file_change *change, struct spool *spool,
                        const struct outbox_hearer *hearer)
{
    if (!change->remove) {
        CRASH_POINT_IF(change->to == SPOOL_QUEUE, ROUTER_QUEUE_DUE);
        CRASH_POINT_IF(change->to == SPOOL_QUARANTINE, ROUTER_QUARANTINE_DUE);
        CRASH_POINT_IF(change->to == SPOOL_KEPT, ROUTER_KEEP_DUE);
        int code = spool_move(spool, change->receipt, change->from, change->to);
        CRASH_POINT_IF(change->to == SPOOL_QUEUE, ROUTER_QUEUED);
        CRASH_POINT_IF(change->to == SPOOL_QUARANTINE, ROUTER_QUARANTINED);
        CRASH_POINT_IF(change->to == SPOOL_KEPT, ROUTER_KEPT);
        if (code != 0)
            hearer->failed(hearer->context, change->receipt, change->to, code);
        return;
    }
    CRASH_POINT(ROUTER_REMOVE_DUE);
    int code = spool_remove(spool, change->receipt, change->from);
    CRASH_POINT(ROUTER_REMOVED);
    if (code != 0)
        hearer->failed(hearer->context, change->receipt, change->from, code);
    else
        hearer->gone(hearer->context, change->instance_id);
}

void outbox_flush(struct outbox *outbox, struct bus *bus, struct spool *spool,
                  const struct outbox_hearer *hearer)
{
    /* Files first: a worker told of a file in queue/ should find it there. */
    for (size_t i = 0; i < outbox->change_count; i++)
        change_file(&outbox->changes[i], spool, hearer);
    outbox->change_count = 0;
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
    drop_letters(outbox);
}
