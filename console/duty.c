#include "console/duty.h"

#include "common/base/cleanup.h"
#include "common/view/causes.h"
#include "common/view/commitments.h"
#include "common/view/expiry.h"

#include <string.h>

struct reading {
    json_t *duty;
    int64_t now;
};

static void add(json_t *duty, const char *list, json_t *one)
{
    (void)json_array_append_new(json_object_get(duty, list), one);
}

static void take_cause(void *context, const struct causes_one *cause)
{
    struct reading *reading = context;
    add(reading->duty, cause->kind == CAUSES_HELD ? "held" : "needs_person",
        json_pack("{s:s, s:o, s:s, s:o, s:o, s:I, s:o}", "cause", causes_name(cause->kind), "sentence",
                  json_from_text(cause->sentence), "next", cause->next, "destination",
                  json_from_text(cause->destination), "album", json_from_text(cause->album), "count",
                  (json_int_t)cause->count, "since", json_from_time(cause->since)));
}

/* What tries again by itself. */
static void take_target(json_t *duty, const json_t *target)
{
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const char *state = json_text(target, "state");
    int64_t waits = json_integer_value(json_object_get(target, "queued"));
    if (strcmp(state, "backing off") != 0 || waits == 0)
        return;
    page_append_target(&sentence, json_text(target, "destination"), json_text_or_null(target, "album"));
    text_append(&sentence, " is backing off: ");
    page_append_count(&sentence, waits, "job waits", "jobs wait");
    text_format(&sentence, ". %s", json_text(target, "words"));
    add(duty, "mends_itself",
        json_pack("{s:s, s:o, s:O, s:O, s:I, s:O}", "cause", "backing off", "sentence",
                  json_from_text(text_string(&sentence)), "destination",
                  json_object_get(target, "destination"), "album", json_object_get(target, "album"), "count",
                  (json_int_t)waits, "since", json_object_get(target, "since")));
}

/* A source that takes no report is asked again. */
static void take_source(void *context, const struct commitments_source *source)
{
    struct reading *reading = context;
    if (source->trouble == COMMITMENTS_RESTING && source->waiting > 0)
        add(reading->duty, "mends_itself",
            json_pack("{s:s, s:o, s:n, s:n, s:I, s:o}", "cause", "commitment", "sentence",
                      json_from_text(source->sentence), "destination", "album", "count",
                      (json_int_t)source->waiting, "since", json_from_time(source->since)));
}

static void take_expiry(void *context, const struct expiry_row *row)
{
    struct reading *reading = context;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    if (expiry_tell(row, reading->now, &sentence))
        add(reading->duty, "soon",
            json_pack("{s:s, s:o, s:s, s:o}", "cause", "expiry", "sentence",
                      json_from_text(text_string(&sentence)), "destination", row->destination, "album",
                      json_from_text(row->album)));
}

json_t *duty_read(const struct page_question *question, const json_t *targets)
{
    struct reading reading = {
        json_pack("{s:[], s:[], s:[], s:[]}", "needs_person", "mends_itself", "held", "soon"), question->now};
    json_t *target;
    size_t index;
    (void)causes_each(question->config, question->around, question->db, take_cause, &reading);
    json_array_foreach(targets, index, target) take_target(reading.duty, target);
    (void)commitments_each_source(question->db, question->now, take_source, &reading);
    expiry_each(question->config, question->db, take_expiry, &reading);
    return reading.duty;
}

void duty_append_headline(const json_t *duty, struct text *out)
{
    static const char *const words[] = {"Nothing", "One",   "Two",   "Three", "Four", "Five",
                                        "Six",     "Seven", "Eight", "Nine",  "Ten"};
    size_t count = json_array_size(json_object_get(duty, "needs_person"));
    if (count < sizeof words / sizeof *words)
        text_append(out, words[count]);
    else
        text_append_count(out, (int64_t)count);
    text_append(out, count == 0   ? " needs a person."
                     : count == 1 ? " thing needs a person."
                                  : " things need a person.");
}

/* A long one has its beginning as its title. */
static void split_sentence(json_t *one)
{
    enum { LONG = 70 };
    AUTO(text_release) struct text title = TEXT_EMPTY;
    const char *sentence = json_text(one, "sentence");
    const char *colon = strlen(sentence) > LONG ? strstr(sentence, ": ") : NULL;
    text_append_bytes(&title, sentence, colon ? (size_t)(colon - sentence) : strlen(sentence));
    (void)json_object_set_new(one, "title", json_from_text(text_string(&title)));
    (void)json_object_set_new(one, "rest", json_from_text(colon ? colon + strlen(": ") : NULL));
}

void duty_shape(json_t *document)
{
    static const struct {
        enum causes_kind kind;
        const char *mark, *look, *word;
    } looks[] = {{CAUSES_BLOCKED, "m-block", "/trouble#blocked", "What waits"},
                 {CAUSES_TOKEN, "m-block", "/tokens", "Its tokens"},
                 {CAUSES_FAILED, "m-fail", "/trouble#failed", "By reason"},
                 {CAUSES_UNDECIDED, "m-void", "/trouble#failed", "By reason"},
                 {CAUSES_QUARANTINE, "m-quar", "/trouble#quarantine", "By reason"},
                 {CAUSES_COMMITMENT, "m-fail", "/trouble#commitments", "Whose"},
                 {CAUSES_DISK, "m-back", "#disk", "What is left"},
                 {CAUSES_UNKNOWN, "m-off", NULL, NULL}};
    json_t *one;
    size_t index;
    json_array_foreach(json_object_get(document, "needs_person"), index, one)
    {
        const char *mark = "m-block", *look = NULL, *word = NULL;
        for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
            if (strcmp(json_text(one, "cause"), causes_name(looks[i].kind)) == 0) {
                mark = looks[i].mark;
                look = looks[i].look;
                word = looks[i].word;
            }
        split_sentence(one);
        (void)json_object_set_new(one, "mark", json_string(mark));
        (void)json_object_set_new(one, "look", json_from_text(look));
        (void)json_object_set_new(one, "look_word", json_from_text(word));
    }
}
