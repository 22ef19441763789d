/* expiry - which tokens end soon, by what the configuration and the job database say of them. */
#ifndef FELUCCA_VIEW_EXPIRY_H
#define FELUCCA_VIEW_EXPIRY_H

#include "common/base/json.h"
#include "common/config/config.h"
#include "common/jobs/jobdb.h"
#include "common/kheops/token_expiry.h"
#include "common/wire/work.h"

struct expiry_row {
    const char *destination, *album; /* borrowed; album NULL: the STOW token */
    enum work_token_kind kind;
    struct token_expiry expiry;
};

/* "destination_token": what the configuration calls it; borrowed for ever. */
const char *expiry_token_name(enum work_token_kind kind);

/* Calls each for every token of a KHEOPS that the configuration names. db NULL: what it knows is not known. */
void expiry_each(const struct config *config, struct jobdb *db,
                 void (*each)(void *context, const struct expiry_row *row), void *context);

/* Whether it ends soon; then "destination x: the token in headers ends on 26 November …", appended. */
bool expiry_tell(const struct expiry_row *row, int64_t now, struct text *out);

/* A list of all of them whose end is known or guessed; a new reference. */
json_t *expiry_to_json(const struct config *config, struct jobdb *db);

#endif
