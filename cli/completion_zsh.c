#include "cli/completion.h"

#include "cli/command.h"

#include <string.h>

static const char beginning[] =
    "#compdef felucca\n"
    "# zsh completion of felucca, generated from its table of commands.\n"
    "_felucca_names()\n"
    "{\n"
    "    local -a names config\n"
    "    local at=${words[(I)--config]}\n"
    "    (( at )) && config=(--config \"${words[at + 1]}\")\n"
    "    names=(${(f)\"$(felucca $config generate $1 2>/dev/null | grep -v ' ')\"})\n"
    "    compadd -a names\n"
    "}\n"
    "\n"
    "_felucca()\n"
    "{\n"
    "    local context state line\n"
    "    local -a commands\n"
    "    commands=(\n";

static const char middle[] =
    "    )\n"
    "    _arguments -C '--config[the configuration]:file:_files' '--help[what there is]' '--version[which it is]' \\\n"
    "        '1:command:->command' '*::argument:->argument'\n"
    "    case $state in\n"
    "    command) _describe command commands ;;\n"
    "    argument)\n"
    "        case $words[1] in\n";

static const char ending[] = "        esac ;;\n"
                             "    esac\n"
                             "}\n"
                             "\n"
                             "_felucca \"$@\"\n";

/* The first line, without what zsh or its quotes would take for their own. */
static void append_plain(struct text *script, const char *words)
{
    for (; *words && *words != '\n'; words++) {
        if (strchr("[]:\\", *words))
            text_append_char(script, '\\');
        text_append(script, *words == '\'' ? "'\\''" : (const char[]){*words, '\0'});
    }
}

static void append_words(struct text *script, const char *words)
{
    if (!words)
        return;
    if (strcmp(words, "@file") == 0)
        text_append(script, "_files");
    else if (*words == '@')
        text_format(script, "{_felucca_names %ss}", words + 1);
    else
        text_format(script, "(%s)", words);
}

static void append_option(struct text *script, const struct command_option *option)
{
    text_format(script, " \\\n            '--%s[", option->name);
    append_plain(script, option->meaning);
    text_append_char(script, ']');
    if (option->argument) {
        text_append_char(script, ':');
        append_plain(script, option->argument);
        text_append_char(script, ':');
        append_words(script, option->words);
    }
    text_append_char(script, '\'');
}

static void append_command(struct text *script, const struct command *command)
{
    text_format(script, "        %s) _arguments '--help[what it does]'", command->name);
    for (const struct command_option *o = command->options; o && o->name; o++)
        append_option(script, o);
    if (command->words) {
        text_append(script, " \\\n            '*:argument:");
        append_words(script, command->words);
        text_append_char(script, '\'');
    }
    text_append(script, " ;;\n");
}

void completion_zsh(struct text *script)
{
    text_append(script, beginning);
    for (const struct command *const *c = command_table(); *c; c++) {
        if ((*c)->hidden)
            continue;
        text_format(script, "        '%s:", (*c)->name);
        append_plain(script, (*c)->summary);
        text_append(script, "'\n");
    }
    text_append(script, middle);
    for (const struct command *const *c = command_table(); *c; c++)
        if (!(*c)->hidden)
            append_command(script, *c);
    text_append(script, ending);
}
