/* felucca fleet - what all cells say: how they are, and which of them has a study. */
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/fleet.h"
#include "cli/option.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/dicom/uid.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { JSON = 'j', WIDTH = 80, CELL_WIDTH = 14, NUMBER_WIDTH = 9, NOT_FOUND = 404 };

/* ---- status ---- */

static const char status_path[] = "/now.json";

static void append_numbers(const json_t *document, struct text *line)
{
    static const char *const names[] = {"waiting", "delivered_hour", "delivered_day"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (document)
            table_number(line, json_integer_value(json_object_get(document, names[i])), NUMBER_WIDTH);
        else
            table_cell(line, "-", NUMBER_WIDTH, TABLE_RIGHT);
    }
}

static void print_status(const struct fleet_answer *answer)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    const json_t *document = answer->document;
    const char *headline = document ? json_string_value(json_object_get(document, "headline")) : NULL;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    table_cell(&line, answer->cell->cell, CELL_WIDTH, TABLE_LEFT);
    append_numbers(document, &line);
    if (document)
        text_append(&says, headline ? headline : "");
    else
        text_format(&says, "no answer: %s", text_string(&answer->reason));
    table_wrap(&line, text_string(&says), CELL_WIDTH + 3 * NUMBER_WIDTH + 4, WIDTH);
    (void)fputs(text_string(&line), stdout);
}

static void print_heading(void)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    table_cell(&line, "CELL", CELL_WIDTH, TABLE_LEFT);
    table_cell(&line, "WAITING", NUMBER_WIDTH, TABLE_RIGHT);
    table_cell(&line, "DONE/H", NUMBER_WIDTH, TABLE_RIGHT);
    table_cell(&line, "DONE/DAY", NUMBER_WIDTH, TABLE_RIGHT);
    text_append(&line, "IT SAYS");
    table_end(&line);
    (void)fputs(text_string(&line), stdout);
}

/* ---- show ---- */

static void print_study(const struct fleet_answer *answer)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    AUTO(text_release) struct text says = TEXT_EMPTY;
    table_cell(&line, answer->cell->cell, CELL_WIDTH, TABLE_LEFT);
    if (answer->document)
        text_append(&says, json_text(answer->document, "headline"));
    else if (answer->status == NOT_FOUND)
        text_append(&says, "it has not received it");
    else
        text_format(&says, "no answer: %s", text_string(&answer->reason));
    table_wrap(&line, text_string(&says), CELL_WIDTH + 1, WIDTH);
    (void)fputs(text_string(&line), stdout);
}

/* ---- both ---- */

static void print_json(const struct fleet_answer *answer)
{
    bool missing = answer->status == NOT_FOUND;
    json_print_line(json_pack("{s:s, s:s, s:b, s:o, s:o?}", "cell", answer->cell->cell, "url",
                              answer->cell->url, "answered", answer->document || missing, "reason",
                              answer->document ? json_null() : json_string(text_string(&answer->reason)),
                              "document", answer->document ? json_incref(answer->document) : json_null()));
}

/* A cell that does not answer is a line, not an error. */
static int ask_all(const struct config *config, const char *path, bool json,
                   void (*print)(const struct fleet_answer *answer), size_t *ret_found)
{
    struct fleet_answer *answers = memory_new(config->fleet_count, sizeof *answers);
    int code = fleet_ask(config, path, answers);
    for (size_t i = 0; code == 0 && i < config->fleet_count; i++) {
        *ret_found += answers[i].document != NULL;
        (json ? print_json : print)(&answers[i]);
    }
    fleet_release(answers, code == 0 ? config->fleet_count : 0);
    memory_free(&answers);
    if (code != 0)
        (void)fprintf(stderr, "felucca fleet: %s\n", err_text(code));
    return code == 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static int fleet_status(const struct config *config, bool json)
{
    size_t answered = 0;
    if (!json)
        print_heading();
    return ask_all(config, status_path, json, print_status, &answered);
}

static int fleet_show(const struct config *config, const char *study, bool json)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    size_t found = 0;
    text_format(&path, "/study/%s.json", study);
    int status = ask_all(config, text_string(&path), json, print_study, &found);
    return status == EXIT_OK && found == 0 ? EXIT_NO : status;
}

static bool fleet_take(void *context, int key, const char *value)
{
    (void)value;
    *(bool *)context = key == JSON;
    return true;
}

static int usage(const char *sentence)
{
    (void)fprintf(stderr, "felucca fleet: %s\n", sentence);
    return EXIT_USAGE;
}

static int fleet_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    bool json = false;
    int first;
    if (!option_parse(&command_fleet, argc, argv, fleet_take, &json, &first))
        return EXIT_USAGE;
    bool status = argc - first == 1 && strcmp(argv[first], "status") == 0;
    bool show = argc - first == 2 && strcmp(argv[first], "show") == 0;
    if (!status && !show)
        return usage("write felucca fleet status, or felucca fleet show and a Study Instance UID");
    if (show && !uid_is_plain(argv[first + 1]))
        return usage("show takes a whole Study Instance UID, of digits and dots");
    int code = configuration_load(cli, &config);
    if (code != EXIT_OK)
        return code;
    if (config->fleet_count == 0)
        return usage("the configuration names no cells; write fleet: [{ cell, url }], one for each");
    return status ? fleet_status(config, json) : fleet_show(config, argv[first + 1], json);
}

static const struct command_option options[] = {
    {"json", NULL, NULL, "one object per cell, with the document of its console", JSON}, {.name = NULL}};

const struct command command_fleet = {
    .name = "fleet",
    .summary = "asks all cells how they are, or which of them has a study",
    .arguments = "status|show STUDY [--json]",
    .options = options,
    .words = "status show",
    .help = "Where several Feluccas stand behind one address, each is a cell of its own.\n"
            "This asks the consoles that `fleet` in the configuration names, all at once\n"
            "and for 10 s at most. It changes nothing. A cell that does not answer is a line\n"
            "that says why, not an error; `show` ends with status 1 where no cell has it.\n",
    .example = "felucca fleet status\n"
               "felucca fleet show 1.2.840.113619.2.55.3.604688119.868\n",
    .run = fleet_run,
};
