/* stow_reference - what a STOW answer says of each instance, as values. */
#ifndef FELUCCA_SENDER_STOW_REFERENCE_H
#define FELUCCA_SENDER_STOW_REFERENCE_H

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

#endif
