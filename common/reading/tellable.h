/* tellable - which values a trial shows, and what it may ask for viewers as well.
 *
 * In a trial who looks chooses the attribute. So a value is shown only where the attribute is known to name nobody: descriptions of
 * the examination, the device, codes, numbers and UIDs of the standard. Everything else may identify a patient (free
 * text, dates, names, private attributes), unless a condition in force asks for it already: then it is shown like `felucca
 * explain` shows it. */
#ifndef FELUCCA_READING_TELLABLE_H
#define FELUCCA_READING_TELLABLE_H

#include "common/condition/condition.h"
#include "common/reading/questions.h"

/* Adds the paths that a condition in force asks for; NULL: none. */
void tellable_add(struct questions *in_force, const struct condition *condition);

/* Whether the values there may be shown to everybody. in_force: of tellable_add(); NULL: nothing is in force. */
bool tellable_is(const struct questions *in_force, const struct condition_path *path);

#endif
