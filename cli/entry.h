/* entry - one command of the operator's tool: its name, its options, what it says of itself, what it does. */
#ifndef FELUCCA_CLI_ENTRY_H
#define FELUCCA_CLI_ENTRY_H

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

#endif
