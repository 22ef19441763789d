/* command - the operator's commands, one file each, all in the table of command.c.
 *
 * A command gets the arguments after its name; --config FILE may stand before or after the name and has been
 * taken out. It returns the exit status (enum service_exit). */
#ifndef FELUCCA_CLI_COMMAND_H
#define FELUCCA_CLI_COMMAND_H

struct cli {
    const char *config_path; /* NULL: look for it as config_load() does */
};

struct command {
    const char *name;
    const char *summary;   /* one line for `felucca --help` */
    const char *arguments; /* for the usage line, such as "[--watch]" */
    const char *help;      /* options and an example, for `felucca NAME --help` */
    int (*run)(const struct cli *cli, int argc, char **argv); /* argv[0] is the name */
};

/* The table, ended by a NULL name. Borrowed for ever. */
const struct command *command_table(void);

/* Parses the common options, finds the command and runs it; main's exit status. */
int command_main(int argc, char **argv);

#endif
