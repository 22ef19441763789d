#include "cli/status_check.h"

#include "cli/columns.h"
#include "cli/database.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/jobs/read.h"
#include "common/service/service.h"
#include "common/view/surroundings.h"

#include <stdio.h>
#include <string.h>

struct causes {
    struct text out;
    size_t count;
    bool json;
};

static void causes_release(struct causes *causes)
{
    text_release(&causes->out);
}

static const char *attention_name(enum attention attention)
{
    static const char *const names[] = {
#define X(name, text, meaning) text,
        ATTENTION_MAP(X)
#undef X
    };
    return names[attention];
}

static void add(struct causes *causes, enum attention attention, const char *sentence, const char *next)
{
    causes->count++;
    if (causes->json) {
        json_append_line(json_pack("{s:s, s:o, s:s}", "cause", attention_name(attention), "sentence",
                                   json_from_text(sentence), "next", next),
                         &causes->out);
        return;
    }
    table_wrap(&causes->out, sentence, 0, columns_line());
    text_format(&causes->out, "    %s\n", next);
}

/* ---- destinations and albums ---- */

static void append_target(const struct jobdb_status_row *row, struct text *out)
{
    text_format(out, "%s%s%s", row->destination, row->album ? "/" : "", row->album ? row->album : "");
}

/* "felucca VERB --destination NAME --album NAME" */
static void append_filtered(const char *verb, const struct jobdb_status_row *row, struct text *out)
{
    text_format(out, "felucca %s --destination %s%s%s", verb, row->destination, row->album ? " --album " : "",
                row->album ? row->album : "");
}

/* What is wrong with it as it is now. */
static void add_state(struct causes *causes, const struct jobdb_status_row *row, int64_t waits)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    if (strcmp(row->state, "blocked") == 0) {
        text_format(&sentence, " is blocked: %s", row->last_error ? row->last_error : "it does not say why");
        add(causes, ATTENTION_BLOCKED, text_string(&sentence), "felucca check");
    } else if (strcmp(row->state, "held") == 0 && waits > 0 && row->standing.held_itself) {
        text_format(&sentence, " is held; jobs that wait for it: %lld", (long long)waits);
        text_append(&next, "felucca release ");
        append_target(row, &next);
        add(causes, ATTENTION_HELD, text_string(&sentence), text_string(&next));
    } else if (strcmp(row->state, "not configured") == 0 && waits > 0) {
        text_format(&sentence, " is not in the configuration; jobs that wait for it: %lld", (long long)waits);
        append_filtered("jobs", row, &next);
        add(causes, ATTENTION_UNKNOWN, text_string(&sentence), text_string(&next));
    }
}

static void add_token(struct causes *causes, const struct jobdb_status_row *row)
{
    bool told =
        strcmp(row->state, "blocked") == 0 && row->last_error && strstr(row->last_error, row->token_trouble);
    if (!*row->token_trouble || told)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, " has a token that is no good: %s", row->token_trouble);
    add(causes, ATTENTION_TOKEN, text_string(&sentence), "felucca check");
}

static void add_failed(struct causes *causes, const struct jobdb_status_row *row)
{
    if (row->failed == 0)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, ": failed jobs: %lld", (long long)row->failed);
    append_filtered("jobs --state failed", row, &next);
    add(causes, ATTENTION_FAILED, text_string(&sentence), text_string(&next));
}

static void add_undecided(struct causes *causes, const struct jobdb_status_row *row)
{
    if (row->undecided == 0)
        return;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text next = TEXT_EMPTY;
    append_target(row, &sentence);
    text_format(&sentence, ": jobs whose condition cannot be decided: %lld", (long long)row->undecided);
    append_filtered("jobs --state undecided", row, &next);
    add(causes, ATTENTION_UNDECIDED, text_string(&sentence), text_string(&next));
}

static void add_target(void *context, const struct jobdb_status_row *row)
{
    struct causes *causes = context;
    add_state(causes, row, row->waiting + row->queued);
    add_token(causes, row);
    add_failed(causes, row);
    add_undecided(causes, row);
}

/* ---- the rest ---- */

static void add_lines(struct causes *causes, enum attention attention, const struct text *lines,
                      const char *next)
{
    for (const char *line = text_string(lines); *line; line += *line == '\n') {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        size_t length = strcspn(line, "\n");
        text_append_bytes(&sentence, line, length);
        add(causes, attention, text_string(&sentence), next);
        line += length;
    }
}

static void add_surroundings(struct causes *causes, const struct surroundings *around,
                             const struct config *config)
{
    AUTO(text_release) struct text look_at_disk = TEXT_EMPTY;
    text_format(&look_at_disk, "df -h %s", config->state_dir);
    const struct {
        enum surroundings_trouble trouble;
        enum attention attention;
        const char *next;
    } rows[] = {
        {SURROUNDINGS_ROUTER, ATTENTION_ROUTER, "felucca health router"},
        {SURROUNDINGS_SHARED, ATTENTION_STANDBY, "felucca check"},
        {SURROUNDINGS_DISK, ATTENTION_DISK, text_string(&look_at_disk)},
        {SURROUNDINGS_OVERFULL, ATTENTION_OVERFULL, "felucca quarantine"},
        {SURROUNDINGS_WORKER, ATTENTION_WORKER, "felucca check"},
        {SURROUNDINGS_READER, ATTENTION_READER, "felucca status"},
        {SURROUNDINGS_PROXY, ATTENTION_PROXY, "felucca check"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        AUTO(text_release) struct text sentence = TEXT_EMPTY;
        if (surroundings_tell(around, config, rows[i].trouble, &sentence))
            add_lines(causes, rows[i].attention, &sentence, rows[i].next);
    }
}

static void add_quarantine(struct causes *causes, int64_t quarantined)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (quarantined == 0)
        return;
    text_format(&sentence, "received files in quarantine: %lld", (long long)quarantined);
    add(causes, ATTENTION_QUARANTINE, text_string(&sentence), "felucca quarantine");
}

int status_check(const struct config *config, bool json)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(causes_release) struct causes causes = {.json = json};
    AUTO(surroundings_release) struct surroundings around = {0};
    int64_t quarantined = 0;
    surroundings_look(config, &around); /* before the database is open */
    int code = database_open_in(config, &db);
    if (code != EXIT_OK)
        return code;
    add_surroundings(&causes, &around, config);
    (void)jobdb_read_status(db, add_target, &causes);
    (void)jobdb_count_quarantined(db, &quarantined);
    if (database_failed(db))
        return EXIT_NO;
    add_quarantine(&causes, quarantined);
    if (causes.count == 0 && !json)
        text_append(&causes.out, "nothing needs a person\n");
    (void)fputs(text_string(&causes.out), stdout);
    return causes.count == 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}
