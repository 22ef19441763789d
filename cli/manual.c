#include "cli/manual.h"

#include "cli/command.h"
#include "cli/option.h"
#include "cli/roff.h"
#include "common/base/cleanup.h"
#include "common/config/config.h"
#include "common/config/processes.h"
#include "common/service/service_options.h"

#include <string.h>

static void append_name(struct text *page, const char *name, const char *what)
{
    roff_heading(page, "name");
    text_format(page, "%s \\- %s\n", name, what);
}

/* ---- felucca(1) ---- */

static void append_example(struct text *page, const struct command *command)
{
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    if (!command->example)
        return;
    option_append_example(command->example, &lines);
    roff_lines(page, text_string(&lines));
}

static void append_command(struct text *page, const struct command *command)
{
    text_format(page, ".SS felucca %s %s\n", command->name, command->arguments);
    AUTO(text_release) struct text summary = TEXT_EMPTY;
    text_format(&summary, "%c%s.", command->summary[0] & ~0x20, command->summary + 1);
    roff_sentence(page, text_string(&summary));
    for (const struct command_option *o = command->options; o && o->name; o++) {
        AUTO(text_release) struct text term = TEXT_EMPTY;
        text_format(&term, "--%s", o->name);
        roff_item(page, text_string(&term), o->argument, o->meaning);
    }
    if (*command->help)
        roff_lines(page, command->help);
    append_example(page, command);
}

void manual_command(struct text *page)
{
    AUTO(text_release) struct text pages = TEXT_EMPTY;
    roff_title(page, "FELUCCA", '1');
    append_name(page, "felucca", "operates a DICOM to KHEOPS gateway");
    roff_heading(page, "synopsis");
    text_append(page,
                ".B felucca\n[\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n");
    roff_heading(page, "description");
    roff_sentence(
        page, "Felucca takes what modalities and PACS send (C-STORE), uploads it to a KHEOPS album, and puts "
              "each series into further albums whose conditions it meets. `felucca` shows what it does, "
              "changes it, checks the configuration, and runs it on a single machine. Commands that read "
              "also work while the router is down.");
    roff_heading(page, "commands");
    for (const struct command *const *c = command_table(); *c; c++) {
        if (!(*c)->hidden)
            append_command(page, *c);
    }
    roff_heading(page, "exit status");
    roff_lines(page, "0  success\n1  no: nothing found, a check failed, something is not healthy\n2  usage\n"
                     "3  bad configuration\n4  the router is not reachable\n");
    roff_heading(page, "environment");
    roff_item(page, "FELUCCA_CONFIG", NULL, "the configuration, where --config does not name one");
    roff_item(page, "NO_COLOR", NULL, "no colours, even on a terminal");
    roff_heading(page, "files");
    roff_paragraph(page,
                   "`./felucca.yaml` or `/etc/felucca/felucca.yaml`, unless named; see felucca.yaml(5)");
    roff_heading(page, "see also");
    text_append(&pages, "felucca.yaml(5)");
    for (int i = 0; i < PROCESSES; i++)
        text_format(&pages, ", felucca-%s(8)", processes_table()[i].name);
    roff_sentence(page, text_string(&pages));
}

/* ---- the processes ---- */

bool manual_process(const char *process, struct text *page)
{
    const struct processes_row *row = processes_find(process);
    AUTO(text_release) struct text name = TEXT_EMPTY;
    AUTO(text_release) struct text help = TEXT_EMPTY;
    if (!row)
        return false;
    bool is_helper = row->count == PROCESS_HELPER; /* another process starts it, and it has no options */
    text_format(&name, "felucca-%s", process);
    service_options_help(process, &help);
    roff_title(page, text_string(&name), '8');
    append_name(page, text_string(&name), row->summary);
    roff_heading(page, "synopsis");
    text_format(page, ".B felucca-%s\n%s", process, is_helper ? "" : "[\\fIOPTIONS\\fR]\n");
    roff_heading(page, "description");
    roff_sentence(page, row->description);
    const char *options = strstr(text_string(&help), "\n\n");
    if (!is_helper) {
        roff_heading(page, "options, signals and exit status");
        roff_lines(page, options ? options + 2 : "");
    }
    roff_heading(page, "see also");
    roff_sentence(page, "felucca(1), felucca.yaml(5)");
    return true;
}

/* ---- felucca.yaml(5) ---- */

void manual_configuration(struct text *page)
{
    AUTO(text_release) struct text reference = TEXT_EMPTY;
    config_reference(&reference);
    roff_title(page, "FELUCCA.YAML", '5');
    append_name(page, "felucca.yaml", "configuration of Felucca");
    roff_heading(page, "description");
    roff_markdown(page, text_string(&reference));
    roff_heading(page, "see also");
    roff_sentence(page, "felucca(1)");
}
