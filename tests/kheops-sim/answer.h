/* answer - what goes back to the client, and how a STOW answer is written (PS3.18 section 10.5.3). */
#ifndef FELUCCA_SIM_ANSWER_H
#define FELUCCA_SIM_ANSWER_H

#include "common/base/text.h"
#include "tests/kheops-sim/attributes.h"
#include "tests/kheops-sim/recorded.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { ANSWER_DROP = -1 }; /* a status: end the connection instead of answering */

struct answer {
    int status;
    char content_type[64]; /* "": no such header */
    char retry_after[64], location[256];
    char authenticate[16]; /* WWW-Authenticate */
    bool close;            /* the connection ends after it */
    struct text body;
};

void answer_release(struct answer *answer);

/* Sets the status with a body of text (may be ""). */
void answer_text(struct answer *answer, int status, const char *text);
/* As it was recorded (recorded.h). accept: the request's header, or NULL. */
void answer_recorded(struct answer *answer, const struct recorded *recorded, const char *accept);
/* Takes the JSON over. */
void answer_json(struct answer *answer, int status, const char *content_type, json_t *json);

enum answer_form { ANSWER_DICOM_JSON, ANSWER_JSON, ANSWER_DICOM_XML, ANSWER_FORMS };

/* What an Accept header wants (NULL: anything); ANSWER_FORMS when we have nothing for it. */
enum answer_form answer_choose(const char *accept);

/* One instance in a STOW answer. */
struct stored_item {
    char sop_class[65], sop[65], study[65], series[65];
    bool stored;
    unsigned reason; /* FailureReason, or WarningReason when stored; 0: none */
    uint32_t tags[ATTRIBUTES];
    unsigned tag_count;
};

/* Writes the answer to a STOW request: items, and so many failures without a name, as KHEOPS does with Orthanc as
 * its PACS. 200: all were stored, or there were none; else 202, even when none was. root is "http://host/api". */
void answer_stored(struct answer *answer, enum answer_form form, const char *root,
                   const struct stored_item *items, size_t count, unsigned unnamed);

#endif
