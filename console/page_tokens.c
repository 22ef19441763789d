/* page_tokens - which token ends when, and which is no good now? Never a token, nor a part of one. */
#include "common/base/cleanup.h"
#include "common/jobs/gauge.h"
#include "common/view/expiry.h"
#include "console/page.h"
#include "console/sorting.h"
#include "console/targets.h"

#include <string.h>

static const struct sorting_column columns[] = {
    {"Destination or album", "target", "destination", false, false},
    {"Token", "token", "token", false, false},
    {"State", "state", "state", false, false},
    {"Ends", "ends", "expires_at", false, false},
    {"Known by", "known", "known_by", false, false},
    {"First seen", "first", "first_at", false, true},
    {"In words", NULL, NULL, false, false},
};
static const struct sorting_table table = {"/tokens", columns, sizeof columns / sizeof *columns, "ends", ""};

struct reading {
    const struct page_question *question;
    json_t *depths; /* what KHEOPS last said of each target's tokens */
    json_t *tokens;
    int64_t inactive, soon;
};

static void take_depth(void *context, const struct jobdb_depth *depth)
{
    (void)json_array_append_new(context, json_pack("{s:s, s:o, s:i, s:i}", "destination", depth->destination,
                                                   "album", json_from_text(depth->album), "token",
                                                   depth->token_active, "source", depth->source_active));
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* 1, 0, or -1: nothing yet. */
static int active_of(const json_t *depths, const struct expiry_row *row)
{
    json_t *depth;
    size_t index;
    json_array_foreach(depths, index, depth)
    {
        if (is_same(json_text(depth, "destination"), row->destination) &&
            is_same(json_text_or_null(depth, "album"), row->album))
            return (int)json_integer_value(
                json_object_get(depth, row->kind == WORK_TOKEN_SOURCE ? "source" : "token"));
    }
    return -1;
}

/* The first to end is first; of which nothing is known, last. */
static void insert(json_t *tokens, json_t *token, int64_t at)
{
    size_t place = 0;
    for (; place < json_array_size(tokens); place++) {
        int64_t other = json_integer_value(json_object_get(json_array_get(tokens, place), "order"));
        if (at > 0 && (other == 0 || at < other))
            break;
    }
    (void)json_object_set_new(token, "order", json_integer(at));
    (void)json_array_insert_new(tokens, place, token);
}

static void take_token(void *context, const struct expiry_row *row)
{
    struct reading *reading = context;
    AUTO(text_release) struct text words = TEXT_EMPTY;
    int active = active_of(reading->depths, row);
    bool ends_soon = expiry_tell(row, reading->question->now, &words);
    const char *state = active == 0  ? "not active"
                        : ends_soon  ? "ends soon"
                        : active > 0 ? "active"
                                     : "not known";
    reading->inactive += active == 0;
    reading->soon += ends_soon;
    if (active == 0 && !ends_soon)
        text_append(
            &words,
            "KHEOPS says that it is not active: it expired, was revoked, or its maker is no longer "
            "administrator. Make a new one in KHEOPS and put it into its file; what waits goes then.");
    else if (active < 0 && !ends_soon)
        text_append(&words, "KHEOPS was not asked yet, or does not answer.");
    insert(reading->tokens,
           json_pack("{s:s, s:o, s:s, s:s, s:o, s:s, s:o, s:o}", "destination", row->destination, "album",
                     json_from_text(row->album), "token", expiry_token_name(row->kind), "state", state,
                     "expires_at", json_from_time(row->expiry.at), "known_by",
                     token_expiry_source_name(row->expiry.source), "first_at",
                     json_from_time(row->expiry.first_at), "words", json_from_text(text_string(&words))),
           row->expiry.at);
}

static void append_headline(const struct reading *reading, struct text *out)
{
    size_t count = json_array_size(reading->tokens);
    if (reading->inactive > 0)
        page_append_count(out, reading->inactive, "token is not active", "tokens are not active");
    if (reading->soon > 0) {
        text_append(out, reading->inactive > 0 ? ", " : "");
        page_append_count(out, reading->soon, "ends soon", "end soon");
    }
    if (out->length == 0 && count > 0)
        text_append(out, "No token is known to be no good, and none ends soon");
    else if (out->length == 0)
        text_append(out, "The configuration has no token of a KHEOPS");
}

/* What is said against the tokens of a target, although nothing suffers yet. */
static json_t *troubles_of(const json_t *targets)
{
    json_t *troubles = json_array(), *target;
    size_t index;
    json_array_foreach(targets, index, target)
    {
        if (json_text_or_null(target, "token_trouble"))
            (void)json_array_append_new(troubles, json_pack("{s:O, s:O, s:O}", "destination",
                                                            json_object_get(target, "destination"), "album",
                                                            json_object_get(target, "album"), "sentence",
                                                            json_object_get(target, "token_trouble")));
    }
    return troubles;
}

static json_t *read_tokens(const struct page_question *question)
{
    struct sorting sorting;
    if (!sorting_take(question, &table, &sorting))
        return NULL;
    AUTO(text_release) struct text headline = TEXT_EMPTY;
    AUTO(json_release) json_t *targets = targets_read(question->db, question->config, question->now);
    AUTO(json_release) json_t *depths = json_array();
    struct reading reading = {.question = question, .depths = depths, .tokens = json_array()};
    json_t *document = page_document(question, "tokens"), *token;
    size_t index;
    jobdb_each_depth(question->db, take_depth, depths);
    expiry_each(question->config, question->db, take_token, &reading);
    json_array_foreach(reading.tokens, index, token)(void) json_object_del(token, "order");
    sorting_sort(&sorting, reading.tokens);
    append_headline(&reading, &headline);
    (void)json_object_set_new(document, "headline", json_string(text_string(&headline)));
    (void)json_object_set_new(document, "tokens", reading.tokens);
    (void)json_object_set_new(document, "troubles", troubles_of(targets));
    return document;
}

static void shape_tokens(const struct page_question *question, json_t *document)
{
    (void)json_object_set_new(document, "heads", sorting_heads(question, &table));
}

const struct page page_tokens = {.name = "tokens",
                                 .title = "Tokens",
                                 .parameters = SORTING_PARAMETERS,
                                 .rows = "tokens",
                                 .read = read_tokens,
                                 .shape = shape_tokens};
