/* uid_option - what --study and --series take. A command that reads takes a study by its beginning or end, too; one that
 * changes something takes whole UIDs alone, lest another study than the one that is meant be changed. What is wrong is said
 * on stderr. */
#ifndef FELUCCA_CLI_UID_OPTION_H
#define FELUCCA_CLI_UID_OPTION_H

#include "common/jobs/jobdb.h"

#include <stdbool.h>

/* Whether the value is a UID, however odd: 1 to 64 characters that uid_is_printable() takes. */
bool uid_option_check(const char *command, const char *option, const char *value);

/* Whether the value is the whole UID of a study, or does not begin or end one; what it may mean else is listed. */
bool uid_option_check_study(const char *command, const char *value, struct jobdb *db);

/* Which study is meant by a UID, its beginning or its end: the whole of it, or the value as it is where there is none. False:
 * it may mean several, which are listed, or is too long. */
bool uid_option_find_study(const char *command, const char *value, struct jobdb *db,
                           char study[JOBDB_UID_SIZE]);

#endif
