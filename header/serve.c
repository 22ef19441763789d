#include "header/serve.h"

#include "common/base/cleanup.h"
#include "common/base/crash.h"
#include "common/base/err.h"
#include "common/base/planted.h"
#include "common/reading/channel.h"
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

static int answer_file(int socket, const struct request *request, int fd, const struct questions *questions,
                       struct text *answer)
{
    const struct answer_head head = {.zero = 0};
    text_clear(answer);
    text_append_bytes(answer, &head, sizeof head);
    limits_begin_file();
    CRASH_ON_POISON(request->receipt);
    PLANTED_CALL("header");
    reading_write(fd, questions, answer);
    limits_end_file();
    int code = channel_answer(socket, request->id, answer);
    if (answer->capacity > KEPT)
        text_release(answer);
    return code;
}

int serve(int socket)
{
    AUTO(questions_destroy) struct questions *questions = questions_create();
    AUTO(text_release) struct text answer = TEXT_EMPTY;
    int code = 0;
    while (code == 0) {
        struct request request;
        int fd = -1;
        code = channel_hear(socket, &request, &fd);
        if (code == 0 && request.kind == REQUEST_QUESTIONS)
            code = take_questions(fd, &questions);
        else if (code == 0)
            code = answer_file(socket, &request, fd, questions, &answer);
    }
    return code == ERR_NETWORK ? 0 : code;
}
