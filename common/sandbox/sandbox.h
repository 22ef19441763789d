/* sandbox - what is left to a process that reads what strangers send, should one of them take it over.
 *
 * The calls that its rules name, and the paths below its folders; decision 23 tells why so. None in a sanitizer's build,
 * which needs more than can be told. */
#ifndef FELUCCA_SANDBOX_SANDBOX_H
#define FELUCCA_SANDBOX_SANDBOX_H

#include "common/base/text.h"
#include "common/sandbox/filter.h"

#include <stdbool.h>
#include <stddef.h>

struct sandbox_rules {
    const struct filter_rule *rules;
    size_t rule_count;
    const int *folders; /* open ones */
    size_t folder_count;
    void (*forbidden)(const char *call); /* as filter_load() */
};

/* False: this build has none, whatever the kernel has. */
bool sandbox_is_built(void);

/* What the kernel lacks of it, as a sentence appended to ret_lacks; nothing: it has all. */
void sandbox_ask_kernel(struct text *ret_lacks);

/* From now on and for ever. What the kernel has not is left out; 0, or an error where it refuses what it has: then less than
 * meant is forbidden. Paths and calls do not wait for each other: where the one is refused the other still counts. What is refused,
 * and why, is appended to ret_refused. */
int sandbox_enter(const struct sandbox_rules *rules, struct text *ret_refused);

#endif
