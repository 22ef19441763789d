#include "cli/check_certificates.h"
#include "cli/check_console.h"
#include "cli/check_folder.h"
#include "cli/check_jobs.h"
#include "cli/check_logins.h"
#include "cli/check_tokens.h"
#include "cli/check_trays.h"
#include "cli/command.h"
#include "common/view/expiry.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/filesystem.h"
#include "common/base/lasting.h"
#include "common/base/text.h"
#include "common/service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { OFFLINE, JSON };

static void note_token(void *context, const struct expiry_row *row)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (expiry_tell(row, clock_wall_ms(), &sentence))
        findings_add(context, FINDING_NOTE, text_string(&sentence));
}

/* By the configuration alone where no router has run. */
static void note_expiry(const struct config *config, struct findings *findings)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    (void)jobdb_open_reader(config->state_dir, &db, &reason);
    expiry_each(config, db, note_token, findings);
}

static void note_filesystem(const struct config *config, struct findings *findings)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    struct filesystem filesystem;
    AUTO(fd_close) int dir = open(config->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        check_folder(config->state_dir, errno, findings);
        return;
    }
    filesystem_of(dir, &filesystem);
    enum filesystem_verdict verdict = filesystem_judge(&filesystem, config->state_dir_is_shared, &sentence);
    if (verdict != FILESYSTEM_FINE)
        findings_add(findings, verdict == FILESYSTEM_WRONG ? FINDING_WRONG : FINDING_NOTE,
                     text_string(&sentence));
    text_clear(&sentence);
    text_append(&sentence, "state_dir is on ");
    if (!lasting_judge(dir, &lasting_kernel, &sentence))
        findings_add(findings, FINDING_NOTE, text_string(&sentence));
}

/* Whether every process would start. */
static bool look(const struct config *config, bool offline, struct findings *findings)
{
    AUTO(text_release) struct text summary = TEXT_EMPTY;
    service_print_summary(config, &summary);
    findings_add_lines(findings, FINDING_SUMMARY, text_string(&summary));
    note_filesystem(config, findings);
    check_tokens(config, !offline, findings);
    check_logins(config, !offline, findings);
    note_expiry(config, findings);
    check_certificates(config, clock_wall_ms(), findings);
    check_jobs(config, findings);
    check_trays(config, findings);
    return check_console(config, findings);
}

static int check_run(const struct cli *cli, int argc, char **argv)
{
    unsigned flags;
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    AUTO(findings_release) struct findings findings = {0};
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
    bool would_start = look(config, offline, &findings);
    if (flags & 1u << JSON)
        findings_append_json(&findings, &out);
    else
        findings_append_lines(&findings, &out);
    fputs(text_string(&out), stdout);
    if (!would_start)
        return EXIT_CONFIG;
    return findings_are_well(&findings) && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"offline", NULL, NULL, "asks no server: checks file, secrets, spool and database", OFFLINE},
    {"json", NULL, NULL, "one object a line: verdict (ok, wrong, note) and sentence", JSON},
    {.name = NULL}};

const struct command command_check = {
    .name = "check",
    .summary = "checks the configuration, every token, the spool and jobs.db",
    .arguments = "[--offline] [--json]",
    .options = options,
    .help = "Prints a line for each token: whether it is active, has the permissions that it\n"
            "needs, and opens the right album; and what to do where it does not; one for\n"
            "each login server (auth: oauth2), whether it gives a token; and one\n"
            "for each certificate of receiver.tls, console.tls and of destinations\n"
            "(client_cert), and for the console's users. Then\n"
            "compares every file of the spool with the job database, and the database with\n"
            "itself, without changing anything and while all goes on; until a router has run\n"
            "there is nothing to compare. Exit status 0 when all is well, 1 when\n"
            "something is not, 3 when the file itself is wrong, or what it names for the\n"
            "console (users, tls) keeps that from starting.\n",
    .example = "felucca check --offline --config felucca.yaml\n",
    .run = check_run,
};
