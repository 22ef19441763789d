#include "cli/completion.h"

#include "cli/command.h"

#include <string.h>

static const char beginning[] = "# fish completion of felucca, generated from its table of commands.\n"
                                "function __felucca_names\n"
                                "    set -l at (contains -i -- --config (commandline -opc))\n"
                                "    and set -l config --config (commandline -opc)[(math $at + 1)]\n"
                                "    felucca $config generate $argv[1] 2>/dev/null | string match -v '* *'\n"
                                "end\n"
                                "\n"
                                "complete -c felucca -f\n"
                                "complete -c felucca -l config -r -F -d 'the configuration'\n"
                                "complete -c felucca -l help -d 'what there is'\n"
                                "complete -c felucca -n __fish_use_subcommand -l version -d 'which it is'\n";

/* The first line, in quotes. */
static void append_quoted(struct text *script, const char *words)
{
    text_append_char(script, '\'');
    for (; *words && *words != '\n'; words++) {
        if (*words == '\'' || *words == '\\')
            text_append_char(script, '\\');
        text_append_char(script, *words);
    }
    text_append_char(script, '\'');
}

static void append_words(struct text *script, const char *words)
{
    if (words && strcmp(words, "@file") == 0)
        text_append(script, " -F");
    else if (words && *words == '@')
        text_format(script, " -a '(__felucca_names %ss)'", words + 1);
    else if (words)
        text_format(script, " -a '%s'", words);
}

static void append_command(struct text *script, const struct command *command)
{
    text_format(script, "complete -c felucca -n __fish_use_subcommand -a %s -d ", command->name);
    append_quoted(script, command->summary);
    text_append_char(script, '\n');
    for (const struct command_option *o = command->options; o && o->name; o++) {
        text_format(script, "complete -c felucca -n '__fish_seen_subcommand_from %s' -l %s", command->name,
                    o->name);
        if (o->argument) {
            text_append(script, " -r");
            append_words(script, o->words);
        }
        text_append(script, " -d ");
        append_quoted(script, o->meaning);
        text_append_char(script, '\n');
    }
    if (command->words) {
        text_format(script, "complete -c felucca -n '__fish_seen_subcommand_from %s'", command->name);
        append_words(script, command->words);
        text_append_char(script, '\n');
    }
}

void completion_fish(struct text *script)
{
    text_append(script, beginning);
    for (const struct command *const *c = command_table(); *c; c++)
        if (!(*c)->hidden)
            append_command(script, *c);
}
