/* number - the options by which studies are found by a number that people know: Accession Number, Patient ID, Study ID.
 *
 * The job database holds keyed hashes of them alone (common/search). The command reads the key itself, and so works while
 * the router is down; who may not read the key cannot try numbers. What was typed is never printed. */
#ifndef FELUCCA_CLI_NUMBER_H
#define FELUCCA_CLI_NUMBER_H

#include "cli/entry.h"
#include "common/config/config.h"
#include "common/search/search_hash.h"

enum { NUMBER_ACCESSION = 256, NUMBER_PATIENT, NUMBER_STUDY_ID };

/* Rows of a command's table of options. */
#define NUMBER_OPTIONS                                                                                \
    {"accession", "NUMBER", NULL, "of studies with this Accession Number", NUMBER_ACCESSION},         \
        {"patient", "ID", NULL, "of studies of this Patient ID; ID^^^ISSUER to name its\nissuer too", \
         NUMBER_PATIENT},                                                                             \
    {                                                                                                 \
        "study-id", "ID", NULL, "of studies with this Study ID", NUMBER_STUDY_ID                      \
    }

/* Starts zeroed. */
struct number {
    const char *text; /* as it was typed; NULL: none was */
    enum search_kind kind;
    char hash[SEARCH_HASH_SIZE];
};

/* Takes the option where its key is one of these; other keys change nothing. False: it is a second one, or blank, which has
 * been said. */
bool number_take(struct number *number, const char *command, int key, const char *value);

/* Fills the hash, where a number was given. 0 (EXIT_OK), or the exit status with what is wrong already said on stderr. */
int number_hash(struct number *number, const char *command, const struct config *config);

/* "Accession Number". Borrowed for ever. */
const char *number_name(const struct number *number);

#endif
