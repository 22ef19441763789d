/* token - the columns of what KHEOPS said last of a token. Private to common/jobs. */
#ifndef FELUCCA_JOBS_TOKEN_H
#define FELUCCA_JOBS_TOKEN_H

#include "common/jobs/row.h"
#include "common/jobs/target.h"

/* The next three columns: active, scope and album. Its texts are yours. */
void token_read(struct row *row, struct jobdb_token *ret_token);
void token_release(struct jobdb_token *token);

#endif
