/* tally - what an import has come to: a count for each outcome, with the first file that had it. */
#ifndef FELUCCA_CLI_IMPORT_TALLY_H
#define FELUCCA_CLI_IMPORT_TALLY_H

#include "common/import/outcome.h"
#include "common/base/json.h"
#include "common/base/text.h"

#include <stdbool.h>
#include <stdint.h>

/* Starts zeroed. */
struct tally {
    int64_t counts[OUTCOMES];
    char *examples[OUTCOMES];
    int64_t bytes; /* of the data sets that were imported, or would be */
};

void tally_release(struct tally *tally);

/* file: as the person who called knows it; copied. */
void tally_add(struct tally *tally, enum outcome outcome, const char *file);

int64_t tally_of_kind(const struct tally *tally, enum outcome_kind kind);

/* A line for each outcome that there was. Names of files are for this person's terminal alone: many hold a patient's. */
void tally_append(const struct tally *tally, struct text *out);
/* The same for programs: {"imported": 12, …}, without names of files; a new reference. */
json_t *tally_json(const struct tally *tally);

#endif
