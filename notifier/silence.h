/* silence - the router says nothing: noticed here, and told by the notifier itself, since nobody else can.
 *
 * What began, and which target was told of it, is in state_dir/notifier/router.json before and after each message, so
 * that a restart neither loses one nor tells it again; one that dies between a target's answer and the file tells it a
 * second time, under the same id. The file is there from the limit of `notify: when` on until every target knows that
 * the router is back. Each target has a wait of its own, as `retry` says. */
#ifndef FELUCCA_NOTIFIER_SILENCE_H
#define FELUCCA_NOTIFIER_SILENCE_H

#include "common/config/config.h"
#include "common/notify/sending.h"
#include "notifier/gauges.h"

#include <stdbool.h>

struct silence;

/* Reads what a notifier before this one left. What cannot be read or written is logged, and counts in memory. */
struct silence *silence_create(const char *state_dir);
void silence_destroy(struct silence **silence);

/* heard: the router answers. Begins, tells and ends what is due; call it at least once a second. */
void silence_turn(struct silence *silence, const struct sending_means *means, struct notifier_gauges *gauges,
                  bool heard);

#endif
