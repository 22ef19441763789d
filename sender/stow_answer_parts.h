/* stow_answer_parts - what the two readers of STOW answers share. For stow_answer*.c only. */
#ifndef FELUCCA_SENDER_STOW_ANSWER_PARTS_H
#define FELUCCA_SENDER_STOW_ANSWER_PARTS_H

#include "sender/stow_reference.h"

enum stow_sequence { STOW_STORED, STOW_FAILED, STOW_OTHER, STOW_SEQUENCES };

/* Attributes inside an item. */
enum stow_field { STOW_SOP_INSTANCE, STOW_WARNING, STOW_FAILURE, STOW_TAGS, STOW_FIELDS };

/* By eight hex digits; STOW_SEQUENCES or STOW_FIELDS for any other. */
enum stow_sequence stow_sequence_of(const char *tag);
enum stow_field stow_field_of(const char *tag);

/* Takes one value of an attribute. Values that make no sense are passed over. */
void stow_reference_set(struct stow_reference *reference, enum stow_field field, const char *value);

/* Takes an item of a sequence. 0 or ERR_RANGE. */
int stow_answer_add(struct stow_answer *answer, enum stow_sequence sequence,
                    struct stow_reference *reference);

int stow_answer_read_json(const char *body, size_t length, struct stow_answer *answer);
int stow_answer_read_xml(const char *body, size_t length, struct stow_answer *answer);

#endif
