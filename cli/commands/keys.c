#include "cli/command.h"

#include "common/base/cleanup.h"
#include "common/wire/bus.h"
#include "common/service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Never over an existing file: a lost secret key locks a worker out until the router learns a new one. */
static int write_secret(const char *path, const char *secret)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        fprintf(stderr, "felucca keys: cannot make %s: %s\n", path, strerror(errno));
        return EXIT_NO;
    }
    if (dprintf(fd, "%s\n", secret) < 0 || fsync(fd) != 0) {
        fprintf(stderr, "felucca keys: cannot write %s: %s\n", path, strerror(errno));
        unlink(path);
        return EXIT_NO;
    }
    return EXIT_OK;
}

static int keys_run(const struct cli *cli, int argc, char **argv)
{
    (void)cli;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        fputs("felucca keys: takes one file name at most\n", stderr);
        return EXIT_USAGE;
    }
    char public_key[41];
    char secret_key[41];
    if (bus_make_keys(public_key, secret_key) != 0) {
        fputs("felucca keys: this ZeroMQ library was built without CURVE\n", stderr);
        return EXIT_NO;
    }
    int status = EXIT_OK;
    if (argc == 2)
        status = write_secret(argv[1], secret_key);
    if (status == EXIT_OK)
        printf("public %s\n", public_key);
    if (status == EXIT_OK && argc == 1)
        printf("secret %s\n", secret_key);
    explicit_bzero(secret_key, sizeof secret_key);
    return status;
}

const struct command command_keys = {
    .name = "keys",
    .summary = "makes a CURVE key pair for tcp:// endpoints",
    .arguments = "[FILE]",
    .help = "  FILE   where the secret key is written, with mode 0600 and never over an\n"
            "         existing file; without it both keys are printed\n\n"
            "Each process needs a secret key (curve: secret_key). Workers and receivers also\n"
            "need the router's public key (curve: server_key), and the router the public keys\n"
            "of all others, one a line (curve: allowed_keys). The file belongs to whoever\n"
            "runs this; give it to the process's user: chown felucca: FILE\n",
    .words = "@file",
    .example = "felucca keys /etc/felucca/curve-secret\n",
    .run = keys_run,
};
