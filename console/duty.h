/* duty - what whoever is on duty asks: does anything need a person, and what is only waiting?
 *
 * Three kinds of waiting are never mixed: what needs a person, what mends itself, and what somebody holds on purpose; and
 * soon, for dates. */
#ifndef FELUCCA_CONSOLE_DUTY_H
#define FELUCCA_CONSOLE_DUTY_H

#include "common/base/json.h"
#include "console/page.h"

/* { needs_person, mends_itself, held, soon }: lists of { cause, sentence, next, destination, album, count, since }, of which
 * the last three have no command. targets as targets_read() gives them. A new reference. */
json_t *duty_read(const struct page_question *question, const json_t *targets);

/* Adds to each that needs a person how its line looks, and where to look: "title" and "rest" of its sentence,
 * "mark", "look", "look_word". */
void duty_shape(json_t *document);

/* "Two things need a person." and the like: appended. */
void duty_append_headline(const json_t *duty, struct text *out);

#endif
