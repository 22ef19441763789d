#include "header/serve.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/planted.h"
#include "common/reading/channel.h"
#include "common/reading/judgement.h"
#include "common/reading/reading.h"
#include "header/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 64 << 10, KEPT = 1 << 20 /* of memory between two answers */ };

static int read_all(int fd, struct text *out)
{
    for (;;) {
        char piece[PIECE];
        ssize_t got = pread(fd, piece, sizeof piece, (off_t)out->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? 0 : ERR_IO;
        text_append_bytes(out, piece, (size_t)got);
    }
}

static int take_questions(int fd, struct questions **questions)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(fd_close) int file = fd;
    struct questions *fresh;
    int code = read_all(file, &bytes);
    if (code == 0)
        code = questions_read(text_string(&bytes), bytes.length, &fresh);
    if (code != 0)
        return ERR_SYNTAX;
    questions_destroy(questions);
    *questions = fresh;
    return 0;
}

/* What this process is asked with. */
struct service {
    int socket;
    struct questions *questions;
    struct trial *trial; /* NULL: it is no trial's */
    struct text answer;
};

static void begin_answer(struct text *answer)
{
    const struct answer_head head = {.zero = 0};
    text_clear(answer);
    text_append_bytes(answer, &head, sizeof head);
}

static int send_answer(struct service *service, uint64_t id)
{
    int code = channel_answer(service->socket, id, &service->answer);
    if (service->answer.capacity > KEPT)
        text_release(&service->answer);
    return code;
}

static int answer_file(struct service *service, const struct request *request, int fd)
{
    begin_answer(&service->answer);
    limits_begin_file();
    CRASH_ON_POISON(request->receipt);
    PLANTED_CALL("header");
    reading_write(fd, service->questions, &service->answer);
    limits_end_file();
    return send_answer(service, request->id);
}

/* ---- a trial ---- */

static int begin_trial(struct service *service, const struct request *request, int fd)
{
    AUTO(text_release) struct text bytes = TEXT_EMPTY;
    AUTO(fd_close) int file = fd;
    limits_begin_trial();
    trial_destroy(&service->trial);
    if (read_all(file, &bytes) != 0 || trial_read(text_string(&bytes), bytes.length, &service->trial) != 0)
        return ERR_SYNTAX;
    begin_answer(&service->answer);
    trial_append_compiled(service->trial, &service->answer);
    return send_answer(service, request->id);
}

static const char *fact(const char *text)
{
    return *text ? text : NULL;
}

static int judge_file(struct service *service, const struct request *request, int fd)
{
    const struct header_transfer transfer = {fact(request->calling_aet), fact(request->called_aet),
                                             fact(request->source_address), fact(request->transfer_syntax)};
    if (!service->trial) {
        (void)close(fd);
        return ERR_SYNTAX;
    }
    begin_answer(&service->answer);
    CRASH_ON_POISON(request->receipt);
    judgement_write(fd, service->trial, &transfer, &service->answer);
    return send_answer(service, request->id);
}

/* ---- until the router is gone ---- */

static int serve_one(struct service *service)
{
    struct request request;
    int fd = -1;
    int code = channel_hear(service->socket, &request, &fd);
    if (code != 0)
        return code;
    switch (request.kind) {
    case REQUEST_QUESTIONS:
        return take_questions(fd, &service->questions);
    case REQUEST_TRIAL:
        return begin_trial(service, &request, fd);
    case REQUEST_JUDGE:
        return judge_file(service, &request, fd);
    default:
        return answer_file(service, &request, fd);
    }
}

int serve(int socket)
{
    struct service service = {.socket = socket, .questions = questions_create(), .answer = TEXT_EMPTY};
    int code;
    while ((code = serve_one(&service)) == 0)
        continue;
    questions_destroy(&service.questions);
    trial_destroy(&service.trial);
    text_release(&service.answer);
    return code == ERR_NETWORK ? 0 : code;
}
