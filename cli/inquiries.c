#include "cli/inquiries.h"

#include "cli/columns.h"
#include "cli/database.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/jobs/inquiry.h"
#include "common/jobs/states.h"
#include "common/service/service.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { LOOK_MS = 200, PATIENCE_MS = 10 * 1000 };

/* What one look found. */
struct look {
    int64_t counts[INQUIRY_STATES];
    int64_t troubled; /* queued, after an answer that was none */
    int64_t matched;
    json_t *lines;
};

static void take_sum(void *context, const struct jobdb_inquiry_sum *sum)
{
    struct look *look = context;
    int state;
    if (!state_parse(MACHINE_INQUIRY, sum->state, &state))
        return;
    look->counts[state] += sum->count;
    look->troubled += state == INQUIRY_QUEUED && sum->reason ? sum->count : 0;
    look->matched +=
        state == INQUIRY_ANSWERED && sum->reason && strstr(sum->reason, "it meets") ? sum->count : 0;
    (void)json_array_append_new(look->lines,
                                json_pack("{s:s, s:I, s:o, s:s, s:s}", "state", sum->state, "series",
                                          (json_int_t)sum->count, "reason", json_from_text(sum->reason),
                                          "study", sum->study, "example", sum->series));
}

static void look_release(struct look *look)
{
    json_release(&look->lines);
}

/* False: the database cannot be read, which has been said. */
static bool take_look(struct jobdb *db, const char *request, struct look *look)
{
    look_release(look);
    *look = (struct look){.lines = json_array()};
    (void)jobdb_sum_inquiries(db, request, take_sum, look);
    return !database_failed(db);
}

static bool is_over(const struct look *look)
{
    return look->counts[INQUIRY_ASKING] == 0 && look->counts[INQUIRY_QUEUED] == look->troubled;
}

/* The numbers in one: it changes when something moved, but for what moves back. */
static int64_t mark_of(const struct look *look)
{
    return look->counts[INQUIRY_ANSWERED] + look->counts[INQUIRY_FAILED] + look->troubled * 1000000;
}

static const char *heading_of(const char *state)
{
    int known = INQUIRY_QUEUED;
    (void)state_parse(MACHINE_INQUIRY, state, &known);
    switch (known) {
    case INQUIRY_QUEUED:
        return "to be asked still";
    case INQUIRY_ASKING:
        return "being asked";
    case INQUIRY_FAILED:
        return "cannot be decided";
    default:
        return "decided";
    }
}

static void print_line(const json_t *line)
{
    AUTO(text_release) struct text text = TEXT_EMPTY;
    AUTO(text_release) struct text wrapped = TEXT_EMPTY;
    const char *reason = json_text(line, "reason");
    text_append(&wrapped, "  ");
    text_format(&text, "%lld series %s%s%s (%s series %s of study %s)",
                (long long)json_integer_value(json_object_get(line, "series")),
                heading_of(json_text(line, "state")), *reason ? ": " : "", reason,
                json_integer_value(json_object_get(line, "series")) == 1 ? "it is" : "one is",
                json_text(line, "example"), json_text(line, "study"));
    table_wrap(&wrapped, text_string(&text), 4, columns_line());
    (void)fputs(text_string(&wrapped), stdout);
}

static void print_look(const struct look *look, const struct control_request *request)
{
    size_t index;
    const json_t *line;
    int64_t open = look->counts[INQUIRY_QUEUED] + look->counts[INQUIRY_ASKING];
    printf("of what KHEOPS was asked about:\n");
    json_array_foreach(look->lines, index, line) print_line(line);
    if (open > 0)
        printf("  the router goes on asking; what comes of it:\n    felucca jobs --album %s\n",
               request->album);
}

static void print_look_json(const struct look *look)
{
    json_print_line(json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:O}", "command", "reshare --from-kheops", "matched",
        (json_int_t)look->matched, "answered", (json_int_t)look->counts[INQUIRY_ANSWERED], "failed",
        (json_int_t)look->counts[INQUIRY_FAILED], "open",
        (json_int_t)(look->counts[INQUIRY_QUEUED] + look->counts[INQUIRY_ASKING]), "inquiries", look->lines));
}

int inquiries_follow(const struct config *config, const struct control_request *request, bool json)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(look_release) struct look look = {.lines = NULL};
    int status = database_open_in(config, &db);
    if (status != EXIT_OK)
        return status;
    int64_t moved_at = clock_monotonic_ms(), mark = -1;
    for (;;) {
        if (!take_look(db, request->id, &look))
            return EXIT_NO;
        if (mark != mark_of(&look))
            moved_at = clock_monotonic_ms();
        mark = mark_of(&look);
        if (is_over(&look) || clock_monotonic_ms() - moved_at >= PATIENCE_MS)
            break;
        (void)poll(NULL, 0, LOOK_MS);
    }
    if (json)
        print_look_json(&look);
    else
        print_look(&look, request);
    bool open = look.counts[INQUIRY_QUEUED] + look.counts[INQUIRY_ASKING] > 0;
    return (look.matched > 0 || open) && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}
