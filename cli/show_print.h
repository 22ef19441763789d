/* show_print - what show_read.h read, for people: at most 79 characters a line, local times. */
#ifndef FELUCCA_CLI_SHOW_PRINT_H
#define FELUCCA_CLI_SHOW_PRINT_H

#include "common/base/json.h"
#include "common/base/text.h"

void show_print_instance(const json_t *instance, struct text *out);
/* Likewise of one series. */
void show_print_study(const json_t *study, struct text *out);

#endif
