/* fault - trouble on order: which requests it meets, and what it does to them.
 *
 * A fault is made from JSON (README.md lists its members). It belongs to a stage of a request; the first
 * fault that fits a request at a stage is taken. Thread-safe. */
#ifndef FELUCCA_SIM_FAULT_H
#define FELUCCA_SIM_FAULT_H

#include "common/base/text.h"
#include "tests/kheops-sim/answer.h"
#include "tests/kheops-sim/model.h"

#include <jansson.h>

#define FAULT_STAGE_MAP(X)                                                        \
    X(BEFORE, "before")     /* the request's header came, nothing else is read */ \
    X(BODY, "body")         /* in the middle of the body, after `bytes` of it */  \
    X(INSTANCE, "instance") /* of one instance of a STOW request */               \
    X(UNSTORED, "unstored") /* everything was read, nothing has been done */      \
    X(STORED, "stored")     /* everything has been done, nothing was answered */

enum fault_stage {
#define X(name, text) FAULT_##name,
    FAULT_STAGE_MAP(X)
#undef X
        FAULT_STAGES
};

#define FAULT_ACTION_MAP(X)                                                               \
    X(NONE, "none")           /* only the delay */                                        \
    X(STATUS, "status")       /* answers `status`, with `body`, `retry_after`, … */     \
    X(DROP, "drop")           /* ends the connection */                                   \
    X(HANG, "hang")           /* says nothing until the client goes away */               \
    X(RECORDED, "recorded")   /* answers as answers.txt has it under the name `answer` */ \
    X(GARBAGE, "garbage")     /* 200 with half a JSON object */                           \
    X(EMPTY, "empty")         /* 200 without a body */                                    \
    X(CLOSE, "close")         /* the normal answer, and the connection ends */            \
    X(INVISIBLE, "invisible") /* the fetch after the store fails: QIDO shows nothing */   \
    X(REFUSE, "refuse")       /* this instance: FailureReason `reason` */                 \
    X(UNNAMED, "unnamed")     /* this instance: 0x0110 without a name */                  \
    X(UNLISTED, "unlisted")   /* this instance is not stored, and not in the answer */    \
    X(FORGOTTEN, "forgotten") /* this instance is stored, but not in the answer */        \
    X(WARN, "warn")           /* this instance is stored with WarningReason `reason` */

enum fault_action {
#define X(name, text) FAULT_##name,
    FAULT_ACTION_MAP(X)
#undef X
        FAULT_ACTIONS
};

/* What a fault does, copied out of the list. */
struct fault_effect {
    enum fault_action action;
    int status;
    unsigned reason;
    uint64_t bytes;
    int64_t delay_ms;
    char body[1024], content_type[64], retry_after[64], location[256];
};

/* The request as faults see it; NULL where something is not known (yet). */
struct fault_target {
    enum kind kind;
    const char *album, *token, *study, *series, *sop;
    const struct stored_item *items; /* the instances of a STOW request: one that fits is enough */
    size_t item_count;
};

struct fault_list;

struct fault_list *fault_list_create(void);
void fault_list_destroy(struct fault_list **list);

/* Adds one; its id is in *ret_id. ERR_SYNTAX with a sentence in ret_reason. */
int fault_add(struct fault_list *list, const json_t *json, unsigned *ret_id, struct text *ret_reason);
/* Removes one, or all with id 0. */
void fault_remove(struct fault_list *list, unsigned id);

/* The first fault of that stage that fits; false when there is none. */
bool fault_take(struct fault_list *list, enum fault_stage stage, const struct fault_target *target,
                struct fault_effect *ret_effect);

/* All with their hits; is then yours. */
json_t *fault_list_json(struct fault_list *list);

#endif
