#include "cli/job_filter.h"

#include "cli/option.h"
#include "cli/when.h"
#include "common/base/cleanup.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MAX = 1000000 };

static bool take_limit(struct jobdb_filter *filter, const char *command, const char *value)
{
    char *end;
    long long limit = strtoll(value, &end, 10);
    if (*value && !*end && limit >= 1 && limit <= LIMIT_MAX) {
        filter->limit = limit;
        return true;
    }
    (void)fprintf(stderr, "felucca %s: --limit takes a number from 1 to %d, not \"%s\"\n", command, LIMIT_MAX,
                  value);
    return false;
}

static bool take_time(const char *command, const char *option, const char *value, int64_t *ret_time)
{
    if (when_parse(value, clock_wall_ms(), ret_time))
        return true;
    (void)fprintf(stderr, "felucca %s: --%s takes %s, not \"%s\"\n", command, option, when_forms(), value);
    return false;
}

bool job_filter_take(struct jobdb_filter *filter, const char *command, int key, const char *value)
{
    switch (key) {
    case JOB_FILTER_STATE:
        filter->state = value;
        return true;
    case JOB_FILTER_DESTINATION:
        filter->destination = value;
        return true;
    case JOB_FILTER_ALBUM:
        filter->album = value;
        return true;
    case JOB_FILTER_STUDY:
        filter->study = value;
        return true;
    case JOB_FILTER_SERIES:
        filter->series = value;
        return true;
    case JOB_FILTER_SINCE:
        return take_time(command, "since", value, &filter->since);
    case JOB_FILTER_UNTIL:
        return take_time(command, "until", value, &filter->until);
    case JOB_FILTER_FROM:
        filter->calling_aet = value;
        return true;
    case JOB_FILTER_LIMIT:
        return take_limit(filter, command, value);
    default:
        return true;
    }
}

/* ---- names ---- */

struct names {
    const char *destination; /* whose albums; NULL: of all */
    struct text destinations, albums;
};

static void names_release(struct names *names)
{
    text_release(&names->destinations);
    text_release(&names->albums);
}

static void add_name(void *context, const struct jobdb_status_row *row)
{
    struct names *names = context;
    bool wanted = !names->destination || strcmp(names->destination, row->destination) == 0;
    if (!row->album)
        text_format(&names->destinations, "%s\n", row->destination);
    else if (wanted)
        text_format(&names->albums, "%s\n", row->album);
}

bool job_filter_check_names(const struct jobdb_filter *filter, const char *command, struct jobdb *db)
{
    AUTO(names_release)
    struct names names = {filter->destination, TEXT_EMPTY, TEXT_EMPTY};
    if ((!filter->destination && !filter->album) || jobdb_read_status(db, add_name, &names) != 0)
        return true; /* the question itself will tell what is wrong with the database */
    if (filter->destination &&
        !option_check_word(command, "destination", text_string(&names.destinations), filter->destination))
        return false;
    return !filter->album || option_check_word(command, "album", text_string(&names.albums), filter->album);
}
