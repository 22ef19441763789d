/* report - everything that is wrong with a configuration, in the order of its lines.
 *
 * Inside the configuration reader only. At most so many errors are kept; the others are counted. */
#ifndef FELUCCA_CONFIG_REPORT_H
#define FELUCCA_CONFIG_REPORT_H

#include "common/base/text.h"
#include "common/config/yaml.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_REPORT_MAX = 100 };

struct config_report;

/* path begins each line; borrowed until config_report_destroy(). */
struct config_report *config_report_create(const char *path);
void config_report_destroy(struct config_report **report);

/* Notes that the key or item at the address field came from place. */
void config_report_note(struct config_report *report, const void *field, struct config_yaml_place place);
/* Whether the file has the field; its place. */
bool config_report_find(struct config_report *report, const void *field, struct config_yaml_place *ret_place);
/* The place of the field; the start of the file when it was not written there. */
struct config_yaml_place config_report_place(struct config_report *report, const void *field);

/* where ("receiver: port") and format make the sentence. */
void config_report_error(struct config_report *report, struct config_yaml_place place, const char *where,
                         const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_report_warning(struct config_report *report, struct config_yaml_place place, const char *where,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));

size_t config_report_errors(const struct config_report *report);

/* Appends "path:line:column: where: sentence" lines. */
void config_report_print(struct config_report *report, struct text *errors, struct text *warnings);

/* Appends a text from the file in quotes, control characters escaped, a long one cut. */
void config_report_quote(struct text *out, const char *value);

#endif
