#include "cli/uid_option.h"

#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/dicom/uid.h"
#include "common/view/lookup.h"

#include <stdio.h>
#include <string.h>

enum { LENGTH_MOST = JOBDB_UID_SIZE - 1 };

bool uid_option_check(const char *command, const char *option, const char *value)
{
    if (uid_is_printable(value))
        return true;
    if (!option_check_given(command, option, "a UID", value))
        return false;
    if (strlen(value) > LENGTH_MOST)
        (void)fprintf(stderr, "felucca %s: --%s takes a UID, which has at most %d characters, not %zu\n",
                      command, option, LENGTH_MOST, strlen(value));
    else
        (void)fprintf(stderr, "felucca %s: --%s takes a UID, and \"%s\" is none\n", command, option, value);
    return false;
}

static void say_meanings(const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->count && i < LOOKUP_MOST; i++)
        (void)fprintf(stderr, "  %s\n", lookup->list[i].name);
    if (lookup->count > LOOKUP_MOST)
        (void)fputs("  and others\n", stderr);
}

bool uid_option_check_study(const char *command, const char *value, struct jobdb *db)
{
    AUTO(lookup_release) struct lookup lookup = {.count = 0};
    lookup_find_study(db, value, &lookup);
    if (lookup.count == 0 || strcmp(lookup.list[0].name, value) == 0)
        return true;
    (void)fprintf(stderr, "felucca %s: --study takes a whole UID; \"%s\" may mean\n", command, value);
    say_meanings(&lookup);
    return false;
}

bool uid_option_find_study(const char *command, const char *value, struct jobdb *db,
                           char study[JOBDB_UID_SIZE])
{
    AUTO(lookup_release) struct lookup lookup = {.count = 0};
    lookup_find_study(db, value, &lookup);
    if (lookup.count > 1) {
        (void)fprintf(stderr, "felucca %s: --study \"%s\" may mean\n", command, value);
        say_meanings(&lookup);
        return false;
    }
    const char *name = lookup.count == 1 ? lookup.list[0].name : value;
    if (snprintf(study, JOBDB_UID_SIZE, "%s", name) <= LENGTH_MOST)
        return true;
    (void)fprintf(stderr, "felucca %s: --study takes at most %d characters, not %zu\n", command, LENGTH_MOST,
                  strlen(name));
    return false;
}
