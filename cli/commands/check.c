#include "cli/check_jobs.h"
#include "cli/check_tokens.h"
#include "cli/command.h"
#include "cli/expiry.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { OFFLINE, JSON };

static void print_verdict(const char *verdict, struct text *sentence)
{
    if (verdict)
        json_print_line(
            json_pack("{s:s, s:o}", "verdict", verdict, "sentence", json_from_text(text_string(sentence))));
    text_clear(sentence);
}

static const struct {
    const char *start, *verdict;
} verdicts[] = {{"ok     ", "ok"}, {"WRONG  ", "wrong"}, {"note   ", "note"}, {"configuration OK: ", "ok"}};

/* The lines of the command as objects; one that is indented goes on with the one before. */
static void print_json(const char *lines)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const char *verdict = NULL;
    for (const char *line = lines; *line; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n"), begin = strspn(line, " ");
        for (size_t i = 0; begin == 0 && i < sizeof verdicts / sizeof *verdicts; i++) {
            if (!string_starts_with(line, verdicts[i].start))
                continue;
            print_verdict(verdict, &sentence);
            verdict = verdicts[i].verdict;
            begin = i < 3 ? strlen(verdicts[i].start) : 0;
            break;
        }
        text_append(&sentence, sentence.length > 0 ? " " : "");
        text_append_bytes(&sentence, line + begin, length - begin);
    }
    print_verdict(verdict, &sentence);
}

static void note_token(void *context, const struct expiry_row *row)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (expiry_tell(row, clock_wall_ms(), &sentence))
        text_format(context, "note   %s\n", text_string(&sentence));
}

/* By the configuration alone where no router has run. */
static void note_expiry(const struct config *config, struct text *lines)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    (void)jobdb_open_reader(config->state_dir, &db, &reason);
    expiry_each(config, db, note_token, lines);
}

static int check_run(const struct cli *cli, int argc, char **argv)
{
    unsigned flags;
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(text_release) struct text lines = TEXT_EMPTY;
    if (!option_parse_flags(&command_check, argc, argv, &flags))
        return EXIT_USAGE;
    bool offline = flags & 1u << OFFLINE;
    int code = config_load(cli->config_path, &config, &errors, &warnings);
    if (code == 0 && !offline)
        config_resolve_names(config, &warnings);
    fputs(text_string(&warnings), stderr);
    if (code != 0) {
        fputs(text_string(&errors), stderr);
        return EXIT_CONFIG;
    }
    service_print_summary(config, &lines);
    bool well = check_tokens(config, !offline, &lines);
    note_expiry(config, &lines);
    well = check_jobs(config, &lines) && well;
    if (flags & 1u << JSON)
        print_json(text_string(&lines));
    else
        fputs(text_string(&lines), stdout);
    return well && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"offline", NULL, NULL, "asks no KHEOPS: checks file, secrets, spool and database", OFFLINE},
    {"json", NULL, NULL, "one object a line: verdict (ok, wrong, note) and sentence", JSON},
    {.name = NULL}};

const struct command command_check = {
    .name = "check",
    .summary = "checks the configuration, every token, the spool and jobs.db",
    .arguments = "[--offline] [--json]",
    .options = options,
    .help = "Prints a line for each token: whether it is active, has the permissions that it\n"
            "needs, and opens the right album; and what to do where it does not. Then\n"
            "compares every file of the spool with the job database, and the database with\n"
            "itself, without changing anything and while all goes on; until a router has run\n"
            "there is nothing to compare. Exit status 0 when all is well, 1 when\n"
            "something is not, 3 when the file itself is wrong.\n",
    .example = "felucca check --offline --config felucca.yaml\n",
    .run = check_run,
};
