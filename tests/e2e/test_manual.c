/* Manual pages and completion are written from the table of commands, and are well formed. */
#include "cli/command.h"
#include "cli/completion.h"
#include "cli/manual.h"
#include "cli/option.h"

#include "common/base/cleanup.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"
#include "tests/support/suite.h"

#include <string.h>

enum { LIMIT_MS = 20000 };

static const char *const pages[] = {"felucca.1", "felucca.yaml.5", "receiver", "router", "sender", "sharer"};

static void write_page(const char *name, struct text *page)
{
    if (strcmp(name, "felucca.1") == 0)
        manual_command(page);
    else if (strcmp(name, "felucca.yaml.5") == 0)
        manual_configuration(page);
    else
        ck_assert(manual_process(name, page));
}

START_TEST(page_is_well_formed)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(text_release) struct text page = TEXT_EMPTY;
    AUTO(text_release) struct text complaints = TEXT_EMPTY;
    write_page(pages[_i], &page);
    const char *path = sandbox_write(sandbox, "page", text_string(&page));
    const char *const lint[] = {"mandoc", "-Tlint", "-Wwarning", path, NULL};
    int status = process_run(lint, NULL, LIMIT_MS, &complaints);
    ck_assert_msg(status == 0 && complaints.length == 0, "%s: %s", pages[_i], text_string(&complaints));
}
END_TEST

START_TEST(no_page_of_an_unknown_process)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    ck_assert(!manual_process("captain", &page));
    ck_assert_uint_eq(page.length, 0);
}
END_TEST

/* As the page shows them, without troff's escapes. */
static void print_page(struct text *ret_shown)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(text_release) struct text page = TEXT_EMPTY;
    manual_command(&page);
    const char *path = sandbox_write(sandbox, "felucca.1", text_string(&page));
    const char *const print[] = {"sh", "-c", "mandoc -Tascii \"$0\" | col -b", path, NULL};
    ck_assert_int_eq(process_run(print, NULL, LIMIT_MS, ret_shown), 0);
}

START_TEST(every_command_stands_everywhere)
{
    AUTO(text_release) struct text page = TEXT_EMPTY;
    AUTO(text_release) struct text script = TEXT_EMPTY;
    print_page(&page);
    completion_bash(&script);
    for (const struct command *const *c = command_table(); *c; c++) {
        AUTO(text_release) struct text heading = TEXT_EMPTY;
        AUTO(text_release) struct text branch = TEXT_EMPTY;
        text_format(&heading, "\n   felucca %s", (*c)->name);
        text_format(&branch, "\n        %s)\n", (*c)->name);
        bool shown = strstr(text_string(&page), text_string(&heading)) != NULL;
        bool completed = strstr(text_string(&script), text_string(&branch)) != NULL;
        ck_assert_msg(shown == !(*c)->hidden && completed == !(*c)->hidden, "%s", (*c)->name);
        for (const struct command_option *o = (*c)->options; o && o->name; o++) {
            AUTO(text_release) struct text option = TEXT_EMPTY;
            text_format(&option, "--%s", o->name);
            ck_assert_msg((*c)->hidden || strstr(text_string(&page), text_string(&option)), "%s", o->name);
            ck_assert_msg(*o->meaning && (o->argument || !o->words), "%s: --%s", (*c)->name, o->name);
        }
    }
}
END_TEST

static const struct shell_row {
    const char *label;
    void (*write)(struct text *script);
    const char *lines[6];
} shell_rows[] = {
    {"zsh",
     completion_zsh,
     {"#compdef felucca\n",
      "\n        'check:checks the configuration, every token, the spool and jobs.db'\n",
      "\n        jobs) _arguments '--help[what it does]'",
      "'--destination[of this destination]:NAME:{_felucca_names "
      "destinations}'",
      "'--watch[again every two seconds, in place, with rates and an]'", "'*:argument:_files'"}},
    {"fish",
     completion_fish,
     {"\ncomplete -c felucca -n __fish_use_subcommand -a check -d 'checks the configuration, every token, the spool and "
      "jobs.db'\n",
      "\ncomplete -c felucca -n '__fish_seen_subcommand_from jobs' -l destination -r -a '(__felucca_names "
      "destinations)' -d 'of this destination'\n",
      "\ncomplete -c felucca -n '__fish_seen_subcommand_from status' -l json -d ",
      "\ncomplete -c felucca -n '__fish_seen_subcommand_from condition' -F\n"}},
};

static void ck_has(const char *shell, const struct text *script, const char *words)
{
    ck_assert_msg(strstr(text_string(script), words) != NULL, "%s: %s", shell, words);
}

START_TEST(other_shells_know_every_command_and_option)
{
    const struct shell_row *row = &shell_rows[_i];
    AUTO(text_release) struct text script = TEXT_EMPTY;
    row->write(&script);
    for (size_t i = 0; i < sizeof row->lines / sizeof *row->lines && row->lines[i]; i++)
        ck_has(row->label, &script, row->lines[i]);
    for (const struct command *const *c = command_table(); *c; c++)
        for (const struct command_option *o = (*c)->hidden ? NULL : (*c)->options; o && o->name; o++)
            ck_has(row->label, &script, o->name);
    ck_assert_msg(strstr(text_string(&script), "generate ") != NULL, "%s", row->label);
}
END_TEST

START_TEST(every_command_has_an_example)
{
    for (const struct command *const *c = command_table(); *c; c++) {
        AUTO(text_release) struct text beginning = TEXT_EMPTY;
        text_format(&beginning, "felucca %s", (*c)->name);
        ck_assert_msg((*c)->example && strncmp((*c)->example, text_string(&beginning), beginning.length) == 0,
                      "%s", (*c)->name);
        ck_assert_msg(strstr((*c)->help, "Example") == NULL, "%s: its example belongs into .example",
                      (*c)->name);
    }
}
END_TEST

static const struct completion_row {
    const char *label, *words; /* the last is being typed; "" after a space */
    const char *offers;
} completion_rows[] = {
    {"a command", "felucca ver", "version"},
    {"an option", "felucca status --w", "--watch"},
    {"an option behind a configuration", "felucca --config x status --js", "--json"},
    {"a state", "felucca jobs --state fai", "failed"},
    {"a process", "felucca health shar", "sharer"},
    {"a destination", "felucca --config CONFIG jobs --destination ma", "main"},
    {"an album", "felucca jobs --config CONFIG --album c", "ct"},
    {"help of a command", "felucca help key", "keys"},
    {"nothing", "felucca version x", ""},
};

START_TEST(word_is_completed)
{
    const struct completion_row *row = &completion_rows[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(text_release) struct text script = TEXT_EMPTY;
    AUTO(text_release) struct text offered = TEXT_EMPTY;
    const char *config =
        sandbox_write(sandbox, "felucca.yaml",
                      "state_dir: state\nnodes:\n  - aet: FELUCCA\n    destinations:\n"
                      "      - name: main\n        stow_url: http://127.0.0.1:9/api/studies\n"
                      "        albums:\n          - name: ct\n"
                      "            api_url: http://127.0.0.1:9/api\n"
                      "            destination_token: d\n            source_token: s\n");
    completion_bash(&script);
    const char *path = sandbox_write(sandbox, "completion", text_string(&script));
    static const char asking[] =
        "PATH=\"$4:$PATH\"; . \"$1\" || exit 9; read -ra COMP_WORDS <<<\"${2//CONFIG/$3}\"; "
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _felucca; printf %s \"${COMPREPLY[*]}\"";
    const char *const ask[] = {"bash", "-c", asking, "bash", path, row->words, config, FELUCCA_BIN, NULL};
    int status = process_run(ask, NULL, LIMIT_MS, &offered);
    ck_assert_msg(status == 0 && strcmp(text_string(&offered), row->offers) == 0, "%s: %d, offers \"%s\"",
                  row->label, status, text_string(&offered));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("manual");
    tests_timeout(tests, 60);
    tests_rows(tests, page_is_well_formed, ROWS(pages));
    tests_add(tests, no_page_of_an_unknown_process);
    tests_add(tests, every_command_stands_everywhere);
    tests_rows(tests, other_shells_know_every_command_and_option, ROWS(shell_rows));
    tests_add(tests, every_command_has_an_example);
    tests_rows(tests, word_is_completed, ROWS(completion_rows));
    return tests_run(tests);
}
