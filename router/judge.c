#include "router/judge.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/reading/tellable.h"
#include "router/sealed.h"

#include <string.h>

enum { END_MS = 1000 /* for a process to be gone that has closed its socket */ };

struct judge {
    struct header_process *process; /* NULL: it has ended */
    int conditions;                 /* the file in memory */
    uint64_t last_id, next_id;      /* of what was asked last, and is answered next */
    bool is_nonsense;               /* what it said */
    bool ending;
    int64_t ending_at;
};

void judge_said_release(struct judge_said *said)
{
    memory_free(&said->bytes);
}

int judge_start_again(struct judge *judge, struct readers *readers)
{
    header_process_destroy(&judge->process);
    judge->ending = judge->is_nonsense = false;
    judge->last_id = judge->next_id = 1;
    int code = readers_start_another(readers, &judge->process);
    const struct request request = {.kind = REQUEST_TRIAL, .id = 1};
    if (code != 0)
        return code;
    header_process_stand_back(judge->process);
    return channel_ask(header_process_socket(judge->process), &request, judge->conditions);
}

/* What the conditions in force ask for may be told. */
static struct questions *asked_in_force(struct targets *targets)
{
    struct questions *in_force = questions_create();
    for (size_t i = 0; i < targets_count(targets); i++)
        tellable_add(in_force, target_condition(targets_at(targets, i)));
    return in_force;
}

int judge_create(struct readers *readers, struct targets *targets, const struct trial_expression *expressions,
                 size_t count, struct judge **ret_judge)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(questions_destroy) struct questions *in_force = asked_in_force(targets);
    AUTO(judge_destroy) struct judge *judge = memory_new(1, sizeof *judge);
    judge->conditions = -1;
    trial_write(expressions, count, in_force, &bytes);
    if (!sealed_create("conditions", bytes.bytes, bytes.length, &judge->conditions))
        return ERR_NOMEM;
    int code = judge_start_again(judge, readers);
    if (code != 0)
        return code;
    *ret_judge = judge;
    judge = NULL;
    return 0;
}

void judge_destroy(struct judge **judge)
{
    if (!*judge)
        return;
    header_process_destroy(&(*judge)->process);
    fd_close(&(*judge)->conditions);
    memory_free(judge);
}

bool judge_ask(struct judge *judge, const struct request *request, int fd)
{
    struct request numbered = *request;
    if (!judge->process || judge->ending || judge->last_id + 1 - judge->next_id >= JUDGE_DEPTH)
        return false;
    numbered.kind = REQUEST_JUDGE;
    numbered.id = judge->last_id + 1;
    if (channel_ask(header_process_socket(judge->process), &numbered, fd) != 0)
        return false; /* an end is heard of soon */
    judge->last_id++;
    return true;
}

/* It says nothing more: why, as soon as that is known. */
static struct judge_said end_of(struct judge *judge)
{
    struct judge_said said = {.word = JUDGE_SILENT};
    int64_t now = clock_monotonic_ms();
    if (!judge->ending)
        judge->ending_at = now;
    judge->ending = true;
    said.end = header_process_end(judge->process);
    if (said.end == HEADER_RUNS) {
        if (judge->is_nonsense || now - judge->ending_at >= END_MS)
            header_process_kill(judge->process);
        return said;
    }
    if (judge->is_nonsense)
        said.end = HEADER_NONSENSE;
    said.word = JUDGE_ENDED;
    header_process_destroy(&judge->process);
    return said;
}

struct judge_said judge_listen(struct judge *judge)
{
    struct judge_said said = {.word = JUDGE_SILENT};
    uint64_t id = 0;
    if (!judge->process)
        return said;
    if (judge->ending)
        return end_of(judge);
    int code = header_process_receive(judge->process, &id, &said.bytes, &said.length);
    if (code == ERR_AGAIN)
        return said;
    if (code == 0 && id == judge->next_id && judge->next_id <= judge->last_id) {
        said.word = id == 1 ? JUDGE_COMPILED : JUDGE_JUDGED;
        judge->next_id++;
        return said;
    }
    judge->is_nonsense = code != ERR_NETWORK;
    judge_said_release(&said);
    return end_of(judge);
}

int judge_socket(const struct judge *judge)
{
    return judge->process && !judge->ending ? header_process_socket(judge->process) : -1;
}

int64_t judge_cpu_ms(const struct judge *judge)
{
    return judge->process ? header_process_cpu_ms(judge->process) : 0;
}

bool judge_is_ending(const struct judge *judge)
{
    return judge->process && judge->ending;
}
