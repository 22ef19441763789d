#include "header/options.h"

#include "common/base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { STATUS_USAGE = 2 };

static const char usage[] =
    "Usage: felucca-header\n"
    "\n"
    "Reads the headers of DICOM files for felucca-router, which starts it, over a socket\n"
    "that is its standard input. There is nothing to be done with it by hand.\n"
    "\n"
    "  --help, --version\n";

static bool is_socket(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* What the router says; false: it did not say that. */
static bool take_words(int argc, char **argv, bool *ret_sandbox)
{
    enum log_format format = LOG_TEXT;
    *ret_sandbox = true;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--no-sandbox") == 0)
            *ret_sandbox = false;
        else if (strcmp(argv[i], "--log-json") == 0)
            format = LOG_JSON;
        else
            return false;
    }
    log_setup("header", LOG_INFO, format);
    return true;
}

bool options_end(int argc, char **argv, int socket, bool *ret_sandbox, int *ret_status)
{
    *ret_status = 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        (void)fputs(usage, stdout);
    else if (argc == 2 && strcmp(argv[1], "--version") == 0)
        (void)puts("felucca-header " FELUCCA_VERSION);
    else if (!take_words(argc, argv, ret_sandbox) || !is_socket(socket)) {
        (void)fputs(usage, stderr);
        *ret_status = STATUS_USAGE;
    } else
        return false;
    return true;
}
