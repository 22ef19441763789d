/* command - the operator's commands, one file each, all in one table.
 *
 * A command gets the arguments after its name; --config FILE may stand before or after the name and has been
 * taken out (nothing is taken out behind a "--"). It returns the exit status (enum service_exit). `--help`
 * after the name never reaches it. */
#ifndef FELUCCA_CLI_COMMAND_H
#define FELUCCA_CLI_COMMAND_H

struct cli {
    const char *config_path; /* NULL: look for it as config_load() does */
};

struct command {
    const char *name;
    const char *summary;   /* one line for `felucca --help` */
    const char *arguments; /* for the usage line, such as "[--watch]"; "" when there are none */
    const char *help;      /* options and an example, for `felucca NAME --help`; ends with a newline */
    int (*run)(const struct cli *cli, int argc, char **argv); /* argv[0] is the name */
};

/* Every command, in the order of `felucca --help`; cli/NAME.c defines command_NAME. */
#define COMMAND_MAP(X) \
    X(up)              \
    X(check)           \
    X(status)          \
    X(jobs)            \
    X(hold)            \
    X(release)         \
    X(health)          \
    X(condition)       \
    X(config)          \
    X(keys)            \
    X(version)

#define X(name) extern const struct command command_##name;
COMMAND_MAP(X)
#undef X

/* The table, ended by NULL. Borrowed for ever. */
const struct command *const *command_table(void);

/* Parses the common options, finds the command and runs it; main's exit status. */
int command_main(int argc, char **argv);

#endif
