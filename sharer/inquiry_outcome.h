/* inquiry_outcome - what KHEOPS's answer to GET …/instances/{instance}/metadata means: the table ANSWER_METADATA of
 * common/kheops/answer_rule.h.
 *
 *     inquiry_judge()    from the answer about one instance
 *     inquiry_decide()   ... after introspection of the source token
 *
 * Reasons are sentences for operators, without token and without anything of the answer's body. */
#ifndef FELUCCA_SHARER_INQUIRY_OUTCOME_H
#define FELUCCA_SHARER_INQUIRY_OUTCOME_H

#include "common/http/http.h"
#include "common/kheops/introspection.h"
#include "common/wire/work.h"

enum inquiry_next {
    INQUIRY_READ,      /* its body tells of the instance */
    INQUIRY_ABSENT,    /* KHEOPS does not have it */
    INQUIRY_TOO_LONG,  /* the body is longer than anybody reads */
    INQUIRY_ASK_TOKEN, /* not final; the one answer of result is set */
    INQUIRY_OVER       /* nothing more can be asked; the one answer of result is set */
};

enum inquiry_next inquiry_judge(const struct http_answer *answer, struct work_result *result);

/* After INQUIRY_ASK_TOKEN. */
void inquiry_decide(const struct introspection *source, struct work_result *result);

#endif
