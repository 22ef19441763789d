#include "cli/watch.h"

#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/service/service.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int open_signals(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGPIPE};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        (void)sigaddset(&signals, wanted[i]);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    (void)sigdelset(&signals, SIGPIPE); /* a write that fails says so */
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

/* 0: no terminal. */
static int terminal_rows(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_row > 1 ? size.ws_row : 24;
}

/* Over the last frame: each line is cleared behind its end, and what was below too. */
static void append_in_place(struct text *screen, const char *frame, int rows)
{
    text_append(screen, "\033[?25l\033[H");
    for (int row = 1; *frame && row < rows; row++) {
        size_t length = strcspn(frame, "\n");
        bool cut = row == rows - 1 && frame[length] && frame[length + 1];
        if (cut)
            text_append(screen, table_mark());
        else
            text_append_bytes(screen, frame, length);
        text_append(screen, "\033[K\r\n");
        frame += length + (frame[length] == '\n');
    }
    text_append(screen, "\033[J");
}

static bool watch_show(const struct text *frame, bool first)
{
    AUTO(text_release) struct text screen = TEXT_EMPTY;
    int rows = terminal_rows();
    if (rows == 0) {
        text_format(&screen, "%s%s", first ? "" : "\n", text_string(frame));
    } else {
        text_append(&screen, first ? "\033[2J" : "");
        append_in_place(&screen, text_string(frame), rows);
    }
    return fputs(text_string(&screen), stdout) >= 0 && fflush(stdout) == 0;
}

/* Waits until the next frame is due. False: a signal ends the watch. */
static bool wait_for_next(int signals, int64_t due)
{
    struct pollfd input = {.fd = signals, .events = POLLIN};
    for (int64_t left; (left = due - clock_monotonic_ms()) > 0;) {
        struct signalfd_siginfo signal;
        if (poll(&input, 1, (int)left) <= 0 || read(signals, &signal, sizeof signal) != sizeof signal)
            continue;
        return signal.ssi_signo == SIGWINCH;
    }
    return true;
}

int watch_run(int (*draw)(void *context, struct text *frame), void *context)
{
    AUTO(fd_close) int signals = open_signals();
    int status = EXIT_OK;
    for (bool first = true, going = true; going; first = false) {
        AUTO(text_release) struct text frame = TEXT_EMPTY;
        int64_t due = clock_monotonic_ms() + WATCH_MS;
        status = draw(context, &frame);
        if (status == EXIT_OK && !watch_show(&frame, first))
            status = EXIT_NO;
        going = status == EXIT_OK && wait_for_next(signals, due);
    }
    if (terminal_rows() > 0) {
        (void)fputs("\033[?25h", stdout);
        (void)fflush(stdout);
    }
    return status;
}
