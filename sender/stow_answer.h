/* stow_answer - what a STOW-RS answer says of each instance (PS3.18 section 10.5.3), from DICOM JSON or XML.
 *
 * Comes from a stranger: bounded in size by the reader of the answer, in depth here; a document type
 * declaration, and with it every entity, is refused. Everything but the three sequences is passed over. */
#ifndef FELUCCA_SENDER_STOW_ANSWER_H
#define FELUCCA_SENDER_STOW_ANSWER_H

#include "sender/stow_reference.h"

/* 0; ERR_ABSENT for an empty body; ERR_SYNTAX for one that is no such answer, ERR_RANGE for one with too much
 * in it. The answer is then yours. */
int stow_answer_read(const char *content_type, const char *body, size_t length,
                     struct stow_answer **ret_answer);
void stow_answer_destroy(struct stow_answer **answer);

/* What it says of an instance; stored wins over failed. NULL when it does not name it. */
const struct stow_reference *stow_answer_find(const struct stow_answer *answer, const char *sop_instance);

#endif
