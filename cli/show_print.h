/* show_print - what common/view/details.h read, for people: at most 79 characters a line, local times. */
#ifndef FELUCCA_CLI_SHOW_PRINT_H
#define FELUCCA_CLI_SHOW_PRINT_H

#include "common/base/json.h"
#include "common/base/text.h"

/* Appended. A study may be one series of it alone. */
void show_print_instance(const json_t *instance, struct text *out);
void show_print_study(const json_t *study, struct text *out);

#endif
