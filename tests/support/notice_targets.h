/* notice_targets - a webhook that checks signatures and a real mail server (aiosmtpd) with STARTTLS and login, for tests
 * of notices (tests/tools/notice-targets.py), and a notifier that tells them. */
#ifndef FELUCCA_TESTS_NOTICE_TARGETS_H
#define FELUCCA_TESTS_NOTICE_TARGETS_H

#include "common/base/text.h"
#include "tests/support/process.h"
#include "tests/support/sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct notice_targets;

/* Both accept when this returns. */
struct notice_targets *notice_targets_start(struct sandbox *sandbox);
void notice_targets_destroy(struct notice_targets **targets);

/* "notify:" with both of them (webhook "hook", mail "post"), further lines below webhooks, and `when`, for a
 * configuration. */
void notice_targets_append(const struct notice_targets *targets, const char *webhooks, const char *when,
                           struct text *out);

/* A line for another one of webhooks, of this name, which is the same server. */
void notice_targets_append_hook(const struct notice_targets *targets, const char *name, struct text *out);

/* The webhook answers 503 from now on, or takes notices again. */
void notice_targets_refuse(const struct notice_targets *targets, bool refuse);

/* The webhook takes notices and does not answer from now on, or does so again. */
void notice_targets_slow(const struct notice_targets *targets, bool slow);

/* What was taken: "webhook" or "mail"; one JSON object a line. */
void notice_targets_read(const struct notice_targets *targets, const char *which, struct text *ret_lines);
/* Waits until what was taken has the text in it so many times at least. */
bool notice_targets_wait(const struct notice_targets *targets, const char *which, const char *part,
                         size_t count, int64_t limit_ms);
size_t notice_targets_count(const struct notice_targets *targets, const char *which, const char *part);

#endif
