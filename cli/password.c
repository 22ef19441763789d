#include "cli/password.h"

#include "common/base/cleanup.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PASSWORD_MOST = 1024 };

void password_wipe(struct text *password)
{
    if (password->bytes)
        explicit_bzero(password->bytes, password->capacity);
    text_release(password);
}

/* A line without its end; false: there is none, or it is too long, or holds a NUL. */
static bool read_line(int fd, struct text *out)
{
    for (char c;;) {
        ssize_t got = read(fd, &c, 1);
        if (got < 0 || (got == 0 && out->length == 0))
            return false;
        if (got == 0 || c == '\n')
            break;
        if (out->length == PASSWORD_MOST || c == '\0')
            return false;
        text_append_char(out, c);
    }
    if (out->length > 0 && out->bytes[out->length - 1] == '\r')
        text_cut(out, out->length - 1);
    return true;
}

/* What is typed is not shown. */
static bool ask_unseen(int terminal, const char *prompt, const char *of, struct text *out)
{
    struct termios before, unseen;
    if (tcgetattr(terminal, &before) != 0)
        return false;
    unseen = before;
    unseen.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(terminal, TCSAFLUSH, &unseen); /* before it asks: some type at once */
    (void)dprintf(terminal, "%s %s: ", prompt, of);
    bool is_read = read_line(terminal, out);
    (void)tcsetattr(terminal, TCSAFLUSH, &before);
    (void)dprintf(terminal, "\n");
    return is_read;
}

static bool ask_twice(const char *command, const char *of, struct text *out)
{
    AUTO(password_wipe) struct text again = TEXT_EMPTY;
    AUTO(fd_close) int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (terminal < 0 || !ask_unseen(terminal, "Password of", of, out) ||
        !ask_unseen(terminal, "The same again, of", of, &again)) {
        (void)fprintf(stderr, "felucca %s: no password was given\n", command);
        return false;
    }
    if (strcmp(text_string(out), text_string(&again)) == 0)
        return true;
    (void)fprintf(stderr, "felucca %s: the two are not the same; nothing was changed\n", command);
    return false;
}

bool password_ask(const char *command, const char *of, struct text *ret_password)
{
    if (isatty(STDIN_FILENO))
        return ask_twice(command, of, ret_password);
    if (read_line(STDIN_FILENO, ret_password))
        return true;
    (void)fprintf(stderr, "felucca %s: standard input has no line with a password\n", command);
    return false;
}
