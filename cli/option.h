/* option - the options of a command, by its table: parsed, and explained.
 *
 * Options may come before, between and behind the other arguments, as "--name value" or "--name=value",
 * until a "--". What is wrong is said on stderr with what would be right. */
#ifndef FELUCCA_CLI_OPTION_H
#define FELUCCA_CLI_OPTION_H

#include "cli/entry.h"
#include "common/base/text.h"

/* Calls take(context, key, value) for each option; value is NULL for one without argument and borrowed from
 * argv. take returns false after it has said what is wrong with the value. Then argv is reordered: the other
 * arguments begin at *ret_first; NULL allows none. True, or false: EXIT_USAGE. */
bool option_parse(const struct command *command, int argc, char **argv,
                  bool (*take)(void *context, int key, const char *value), void *context, int *ret_first);

/* For a table of flags alone: each key's bit (1u << key) is set in *ret_flags. No other arguments. */
bool option_parse_flags(const struct command *command, int argc, char **argv, unsigned *ret_flags);

/* Whether value is one of the words (with spaces between, or each on a line of its own). If not, says so,
 * with the nearest one, or all of them. */
bool option_check_word(const char *command, const char *option, const char *words, const char *value);

/* Whether something is in the value. If not, says so. noun: what the option takes, "a name". */
bool option_check_given(const char *command, const char *option, const char *noun, const char *value);

/* A line or more for each option, appended. NULL is fine. */
void option_append_help(const struct command_option *options, struct text *help);
/* The example lines, indented. NULL is fine. */
void option_append_example(const char *example, struct text *help);

#endif
