/* program - where another program of Felucca is. */
#ifndef FELUCCA_BASE_PROGRAM_H
#define FELUCCA_BASE_PROGRAM_H

#include "common/base/text.h"

/* Beside this very program (one build belongs together), else in $PATH. False: nowhere that it could be started. */
bool program_find(const char *program, struct text *ret_path);

#endif
