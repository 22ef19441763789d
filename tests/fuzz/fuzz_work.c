/* Messages of the work protocol, one a line: a letter for who says it, a verb, a blank, the JSON. What is read can
 * be written and read again as the same; and the router's crew, which such messages move, keeps its counts. */
#include "common/base/cleanup.h"
#include "common/wire/work.h"
#include "router/crew.h"

#include <assert.h>
#include <string.h>

enum { LEASES_MOST = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void encode_again(const struct work_message *message)
{
    AUTO(text_release) struct text once = TEXT_EMPTY;
    AUTO(text_release) struct text twice = TEXT_EMPTY;
    AUTO(work_message_release) struct work_message again;
    const char *verb = work_verb_name(message->verb);
    work_encode(message, &once);
    assert(work_decode(verb, strlen(verb), text_string(&once), once.length, &again) == 0);
    work_encode(&again, &twice);
    assert(once.length == twice.length && memcmp(once.bytes, twice.bytes, once.length) == 0);
}

/* As a worker does: every work can be answered. */
static void answer_work(const struct work *work)
{
    AUTO(work_message_release)
    struct work_message message = {.verb = WORK_RESULT, .session = "s", .result = work_result_create(work)};
    for (size_t i = 0; i < message.result->answer_count; i++)
        work_answer_set(&message.result->answers[i], WORK_BLOCKED_OUTCOME, BLAME_NOBODY, 401,
                        work->destination);
    encode_again(&message);
}

/* As the router does with a work of that name. */
static void lease(struct crew *crew, const struct work *work, int64_t now)
{
    struct jobdb_batch batch = {.stage = work->stage};
    if (crew_held(crew) == LEASES_MOST || crew_find_lease(crew, work->id))
        return;
    memcpy(batch.work, work->id, sizeof batch.work);
    struct seat *seat = crew_most_credit(crew, work_stage_worker(work->stage), now);
    assert(crew_lease(crew, seat, &batch, now, now + WORK_LEASE_MS) == crew_find_lease(crew, work->id));
}

static void take(struct crew *crew, char from, const struct work_message *message, int64_t now)
{
    const struct bus_peer peer = {.bytes = {(unsigned char)from}, .length = 1};
    switch (message->verb) {
    case WORK_HELLO:
        crew_hello(crew, &peer, message, now);
        assert(crew_heard(crew, &peer, now) && crew_size(crew, message->stage) > 0);
        break;
    case WORK_PING:
        if (crew_heard(crew, &peer, now))
            crew_check_held(crew, &peer, message);
        break;
    case WORK_BYE:
        crew_bye(crew, &peer);
        break;
    case WORK_WORK:
        answer_work(message->work);
        lease(crew, message->work, now);
        break;
    case WORK_RESULT:
        if (crew_find_lease(crew, message->result->id))
            crew_end_lease(crew, crew_find_lease(crew, message->result->id));
        break;
    default:
        break;
    }
}

static void lost(void *context, struct lease *lease)
{
    crew_end_lease(context, lease);
}

static void read_line(struct crew *crew, const char *line, size_t length, int64_t now)
{
    const char *blank = memchr(line, ' ', length);
    AUTO(work_message_release) struct work_message message = {.verb = WORK_WHO};
    if (length < 2 || !blank || blank == line ||
        work_decode(line + 1, (size_t)(blank - line) - 1, blank + 1, (size_t)(line + length - blank) - 1,
                    &message) != 0)
        return;
    encode_again(&message);
    take(crew, line[0], &message, now);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(crew_destroy) struct crew *crew = crew_create();
    const char *at = (const char *)bytes;
    int64_t now = 1;
    for (size_t left = length; left > 0; now += 500) {
        const char *end = memchr(at, '\n', left);
        size_t line = end ? (size_t)(end - at) : left;
        read_line(crew, at, line, now);
        crew_expire(crew, now, lost, crew);
        at += line + (end ? 1 : 0);
        left -= line + (end ? 1 : 0);
    }
    crew_expire(crew, now + 10 * WORK_LEASE_MS, lost, crew);
    assert(crew_held(crew) == 0);
    return 0;
}
