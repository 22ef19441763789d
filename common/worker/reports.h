/* reports - what introspection said of tokens, until the router has answered.
 *
 * One report a token: a newer one takes the place of the older. What is due is said again and again, so that no
 * lost message leaves a token without an answer. Private to common/worker. */
#ifndef FELUCCA_WORKER_REPORTS_H
#define FELUCCA_WORKER_REPORTS_H

#include "common/wire/work.h"

struct reports;

struct reports *reports_create(void);
void reports_destroy(struct reports **reports);

/* Keeps the report; its serial is chosen by the caller, and new. */
void reports_put(struct reports *reports, const struct work_token *token);
/* The router has answered the report with this serial. */
void reports_answered(struct reports *reports, int64_t serial);
/* Calls say for each report that was not said since again_ms, with its JSON (borrowed); now is monotonic. */
void reports_say(struct reports *reports, int64_t now, int64_t again_ms,
                 void (*say)(void *context, const struct text *json), void *context);

#endif
