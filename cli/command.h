/* command - the operator's commands, one file each, all in one table.
 *
 * A command gets the arguments after its name; --config FILE may come before or after the name and has been
 * taken out (nothing is taken out behind a "--"). It returns the exit status (enum service_exit). `--help`
 * after the name never reaches it. */
#ifndef FELUCCA_CLI_COMMAND_H
#define FELUCCA_CLI_COMMAND_H

#include "cli/entry.h"

/* Every command, in the order of `felucca --help`; cli/commands/NAME.c defines command_NAME. */
#define COMMAND_MAP(X) \
    X(init)            \
    X(up)              \
    X(check)           \
    X(status)          \
    X(jobs)            \
    X(studies)         \
    X(commitments)     \
    X(show)            \
    X(retry)           \
    X(drop)            \
    X(quarantine)      \
    X(import)          \
    X(reshare)         \
    X(hold)            \
    X(release)         \
    X(destination)     \
    X(notify)          \
    X(console)         \
    X(health)          \
    X(fleet)           \
    X(condition)       \
    X(config)          \
    X(keys)            \
    X(front_door)      \
    X(version)         \
    X(generate)

#define X(name) extern const struct command command_##name;
COMMAND_MAP(X)
#undef X

/* The table, ended by NULL. Borrowed for ever. */
const struct command *const *command_table(void);

/* Parses the common options, finds the command and runs it; main's exit status. */
int command_main(int argc, char **argv);

#endif
