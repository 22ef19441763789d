#include "cli/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

bool question_possible(void)
{
    return isatty(STDIN_FILENO);
}

static bool read_answer(struct text *ret_answer)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = getline(&line, &size, stdin);
    if (length > 0)
        text_append_bytes(ret_answer, line, strcspn(line, "\r\n"));
    if (line)
        explicit_bzero(line, size);
    free(line);
    return length > 0;
}

bool question_ask(const char *question, const char *usual, struct text *ret_answer)
{
    (void)fprintf(stderr, usual ? "%s [%s]: " : "%s: ", question, usual);
    if (!read_answer(ret_answer))
        return false;
    if (ret_answer->length == 0 && usual)
        text_append(ret_answer, usual);
    return true;
}

bool question_ask_secret(const char *question, struct text *ret_answer)
{
    struct termios shown, hidden;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) { /* before the question, since whoever sees it may type */
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &hidden);
    }
    (void)fprintf(stderr, "%s: ", question);
    bool answered = read_answer(ret_answer);
    if (terminal) {
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &shown);
        (void)fputc('\n', stderr);
    }
    return answered;
}
