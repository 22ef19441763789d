/* command - the operator's commands, one file each, all in one table.
 *
 * A command gets the arguments after its name; --config FILE may come before or after the name and has been
 * taken out (nothing is taken out behind a "--"). It returns the exit status (enum service_exit). `--help`
 * after the name never reaches it. */
#ifndef FELUCCA_CLI_COMMAND_H
#define FELUCCA_CLI_COMMAND_H

#include <stdbool.h>

struct cli {
    const char *config_path; /* NULL: look for it as config_load() does */
};

/* One option. The parser (option.h), `--help`, the manual page and the shell's completion read this table. */
struct command_option {
    const char *name;     /* "state": --state; NULL ends the table */
    const char *argument; /* "STATE"; NULL: it takes none */
    const char *words;    /* what the argument may be, with a space between; "@destination", "@album" and
                             "@file" mean such names; NULL: anything */
    const char *meaning;  /* for --help; may have several lines */
    int key;              /* tells the option to the command */
};

struct command {
    const char *name;
    const char *summary;   /* one line for `felucca --help` */
    const char *arguments; /* for the usage line, such as "[--watch]"; "" when there are none */
    const char *help;      /* what else `felucca NAME --help` says; ends with a newline, or is "" */
    int (*run)(const struct cli *cli, int argc, char **argv); /* argv[0] is the name */
    const struct command_option *options;                     /* NULL: none */
    const char *words;   /* the same for what is no option; NULL: nothing that could be completed */
    const char *example; /* command lines, each with a newline; may have a "  # why" */
    bool hidden;         /* for programs: not in `felucca --help` */
};

/* Every command, in the order of `felucca --help`; cli/commands/NAME.c defines command_NAME. */
#define COMMAND_MAP(X) \
    X(init)            \
    X(up)              \
    X(check)           \
    X(status)          \
    X(jobs)            \
    X(show)            \
    X(retry)           \
    X(drop)            \
    X(quarantine)      \
    X(reshare)         \
    X(hold)            \
    X(release)         \
    X(health)          \
    X(condition)       \
    X(config)          \
    X(keys)            \
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
