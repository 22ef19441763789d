/* question - the body of a question of answers.txt: a form, or a multipart of instances made for the run. */
#ifndef FELUCCA_SIM_QUESTION_H
#define FELUCCA_SIM_QUESTION_H

#include "tests/kheops-sim/recorded.h"
#include "tests/kheops-sim/run.h"

/* Appends it. folder: where instances are written for a moment. 0; ERR_ABSENT with the name of a token that the run
 * has not; ERR_SYNTAX with a line that is not understood; ERR_IO. */
int question_body(const struct run *run, const struct recorded_lines *lines, const char *folder,
                  struct text *out, struct text *ret_reason);

#endif
