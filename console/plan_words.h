/* plan_words - what a plan says to people: what it is about, what it would do, what its button is called. */
#ifndef FELUCCA_CONSOLE_PLAN_WORDS_H
#define FELUCCA_CONSOLE_PLAN_WORDS_H

#include "console/plan.h"

/* How many of which kind; what only the router can count is none of them. */
struct plan_sum {
    int64_t jobs, files, series, targets;
};
struct plan_sum plan_words_sum(const struct plan_part *parts, size_t count);
int64_t plan_words_total(const struct plan_sum *sum);

/* What it is about: "of study 1.2.3 to main/ct", "from CT01"; appended. */
void plan_words_append_object(const struct control_request *request, struct text *out);
/* What the counted parts would do, of retry and drop, in a sentence for jobs and one for files; appended. */
void plan_words_append_will(const struct plan_part *parts, size_t count, const struct config *config,
                            struct text *out);
/* What the router's dry runs found, all of them together, as a sentence; appended. parts: those that it counted. */
void plan_words_append_dry_run(const struct plan_part *parts, size_t count,
                               const struct control_answer *answer, struct text *out);
/* One part of many in a line: "60 failed jobs to main: 0x0106". Appended. */
void plan_words_append_line(const struct plan_part *part, struct text *out);
/* "Retry 60 jobs", "Hold kheops-main": what a button says. Appended. */
void plan_words_append_button(const struct plan_part *parts, size_t count, struct text *out);
/* "62 jobs retried, 3 files taken in again": what came of several requests. Appended. */
void plan_words_append_done(const struct plan_part *parts, const int64_t *changed, size_t count,
                            struct text *out);

#endif
