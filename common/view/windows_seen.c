#include "common/view/windows_seen.h"

#include "common/base/cleanup.h"
#include "common/base/hours.h"

#include <string.h>

static const struct hours *hours_of(const struct config *config, const char *destination)
{
    const struct config_destination *configured = config_find_destination(config, destination);
    return configured ? configured->hours : NULL;
}

int64_t windows_seen_opens_at(const struct config *config, const char *destination, int64_t now)
{
    const struct hours *hours = hours_of(config, destination);
    int64_t from, until;
    return !hours || hours_look(hours, now, &from, &until) ? 0 : until;
}

void windows_seen_append_time(const struct config *config, const char *destination, int64_t now,
                              struct text *out)
{
    int64_t at = windows_seen_opens_at(config, destination, now);
    if (at > 0)
        hours_append_time(hours_of(config, destination), at, now, out);
}

void windows_seen_mark_jobs(const struct config *config, json_t *jobs, int64_t now)
{
    json_t *job;
    size_t index;
    json_array_foreach(jobs, index, job)
    {
        AUTO(text_release) struct text at = TEXT_EMPTY;
        if (strcmp(json_text(job, "state"), "queued") == 0)
            windows_seen_append_time(config, json_text(job, "destination"), now, &at);
        if (at.length > 0)
            (void)json_object_set_new(job, "waits_for", json_from_text(text_string(&at)));
    }
}
