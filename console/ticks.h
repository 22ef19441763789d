/* ticks - what a list needs so that its lines can be chosen, for a bar that does something with all of them (chosen.h): each has
 * "pick" (its name in the form), "pick_label", "pick_count" (how many jobs or files it is about) and "can" (what the bar may do). */
#ifndef FELUCCA_CONSOLE_TICKS_H
#define FELUCCA_CONSOLE_TICKS_H

#include "common/base/json.h"
#include "console/page.h"

/* Of Trouble: of "groups" and "quarantine". */
void ticks_add_lines(const struct page_question *question, json_t *document);
/* Of "studies"; and "choices", the albums into which they can be shared. */
void ticks_add_studies(const struct page_question *question, json_t *document);

#endif
