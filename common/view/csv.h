/* csv - rows of a list as comma-separated values, RFC 4180 but for the line's end, which is a newline alone: a
 * field is quoted where it has to be, and null is an empty one. A text that begins with =, +, -, @, a tab or a
 * return gets an apostrophe in front, since spreadsheets would run it as a formula: what is in a row may come from
 * a modality or a server. */
#ifndef FELUCCA_VIEW_CSV_H
#define FELUCCA_VIEW_CSV_H

#include "common/base/json.h"
#include "common/base/text.h"

/* One line, appended: the names of the object's members; or their values, which are texts, integers, true or
 * false, or null. The object is only read. */
void csv_append_heading(json_t *object, struct text *lines);
void csv_append_row(json_t *object, struct text *lines);

#endif
