/* stow_answer - what a STOW-RS answer says of each instance (PS3.18 section 10.5.3), from DICOM JSON or XML.
 *
 * Comes from a stranger: bounded in size by the reader of the answer, in depth here; a document type
 * declaration, and with it every entity, is refused. Everything but the three sequences is passed over. */
#ifndef FELUCCA_SENDER_STOW_ANSWER_H
#define FELUCCA_SENDER_STOW_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STOW_UID_SIZE = 65, STOW_TAGS_MAX = 16, STOW_REFERENCES_MAX = 20000, STOW_DEPTH_MAX = 64 };

/* One instance, by name. */
struct stow_reference {
    char sop_instance[STOW_UID_SIZE];
    bool stored;     /* in ReferencedSOPSequence (0008,1199); else in FailedSOPSequence (0008,1198) */
    unsigned reason; /* WarningReason (0008,1196) or FailureReason (0008,1197); 0: none given */
    uint32_t tags[STOW_TAGS_MAX]; /* Attribute Identifier List (0000,1005), as KHEOPS gives it */
    size_t tag_count;
};

struct stow_answer {
    struct stow_reference *references;
    size_t count, capacity;
    size_t other_failures; /* items of OtherFailuresSequence (0008,119A): failed, but not named */
    unsigned other_reason; /* of the first of them; 0: none given */
};

/* 0; ERR_ABSENT for an empty body; ERR_SYNTAX for one that is no such answer, ERR_RANGE for one with too much
 * in it. The answer is then yours. */
int stow_answer_read(const char *content_type, const char *body, size_t length,
                     struct stow_answer **ret_answer);
void stow_answer_destroy(struct stow_answer **answer);

/* What it says of an instance; stored wins over failed. NULL when it does not name it. */
const struct stow_reference *stow_answer_find(const struct stow_answer *answer, const char *sop_instance);

#endif
