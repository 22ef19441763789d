#include "cli/completion.h"

#include "cli/command.h"

#include <string.h>

/* A function that reads the words before the cursor: the command, the option that wants a value, --config. */
static const char beginning[] =
    "# bash completion of felucca, generated from its table of commands.\n"
    "_felucca_names()\n"
    "{\n"
    "    felucca \"${config[@]}\" generate \"$1\" 2>/dev/null | grep -v ' '\n"
    "}\n"
    "\n"
    "_felucca()\n"
    "{\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
    "    local command= words= files= i\n"
    "    local -a config=()\n"
    "    COMPREPLY=()\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        case ${COMP_WORDS[i]} in\n"
    "            --config) i=$((i + 1)); config=(--config \"${COMP_WORDS[i]}\") ;;\n"
    "            -*) ;;\n"
    "            *) command=${command:-${COMP_WORDS[i]}} ;;\n"
    "        esac\n"
    "    done\n"
    "    if [ \"$previous\" = --config ]; then\n"
    "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
    "        return\n"
    "    fi\n"
    "    case $command in\n";

static const char ending[] =
    "    esac\n"
    "    case $current in\n"
    "        -*) words=$options ;;\n"
    "    esac\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$words\" ${files:+-f} -- \"$current\")\n"
    "}\n"
    "\n"
    "complete -o default -F _felucca felucca\n";

static void append_words(struct text *script, const char *words)
{
    if (!words)
        return;
    if (strcmp(words, "@file") == 0)
        text_append(script, "files=1");
    else if (*words == '@')
        text_format(script, "words=$(_felucca_names %ss)", words + 1);
    else
        text_format(script, "words='%s'", words);
}

static void append_command(struct text *script, const struct command *command)
{
    text_format(script, "        %s)\n            options='", command->name);
    for (const struct command_option *o = command->options; o && o->name; o++)
        text_format(script, "--%s ", o->name);
    text_append(script, "--config --help'\n            ");
    if (command->words)
        append_words(script, command->words);
    else
        text_append(script, ":");
    text_append(script, "\n            case $previous in\n");
    for (const struct command_option *o = command->options; o && o->name; o++) {
        if (!o->argument)
            continue;
        text_format(script, "                --%s) files= words= options=; ", o->name);
        append_words(script, o->words);
        text_append(script, " ;;\n");
    }
    text_append(script, "            esac ;;\n");
}

void completion_bash(struct text *script)
{
    text_append(script, beginning);
    for (const struct command *const *c = command_table(); *c; c++) {
        if (!(*c)->hidden)
            append_command(script, *c);
    }
    text_append(script, "        *)\n            options='--config --help --version' words='help");
    for (const struct command *const *c = command_table(); *c; c++) {
        if (!(*c)->hidden)
            text_format(script, " %s", (*c)->name);
    }
    text_append(script, "' ;;\n");
    text_append(script, ending);
}
