/* requester - a modality that asks for storage commitment and listens for reports (tests/tools/commitment_scu.cc). */
#ifndef FELUCCA_TESTS_REQUESTER_H
#define FELUCCA_TESTS_REQUESTER_H

#include "common/base/text.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct requester {
    const char *title, *log; /* log: what it heard, of the sandbox */
    int port;
    struct process *process; /* NULL while it is away */
};

/* On a free port; it does not listen yet. title is borrowed. */
struct requester *requester_create(struct sandbox *sandbox, const char *title);
void requester_destroy(struct requester **requester);

/* Listens, and answers each report with this status ("0000"). */
void requester_listen(struct requester *requester, const char *status);
/* Takes each report, and then answers no release and keeps its connection. */
void requester_listen_stubbornly(struct requester *requester);
void requester_leave(struct requester *requester);

/* Appends its source, as the configuration has one. */
void requester_append_source(const struct requester *requester, struct text *out);

/* Asks for CT images: their UIDs, ended by NULL. The status of the answer, -1 where there was none; what was said is
 * appended to ret_said, which may be NULL. */
int requester_ask(const struct requester *requester, int port, const char *called, const char *transaction,
                  const char *const *instances, struct text *ret_said);

/* The same, and waits on the association for the report, which it answers with this status ("0000"; "none": it answers
 * nothing and stays). What it says is in *ret_log, of the sandbox. */
struct process *requester_ask_and_wait(const struct requester *requester, struct sandbox *sandbox, int port,
                                       const char *transaction, const char *instance, const char *answer,
                                       const char **ret_log);

/* How many reports of a transaction came that have the text (NULL: any). */
size_t requester_heard(const struct requester *requester, const char *transaction, const char *text);
bool requester_wait(const struct requester *requester, const char *transaction, const char *text,
                    int64_t limit_ms);

#endif
