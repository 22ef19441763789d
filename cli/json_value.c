#include "cli/json_value.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

json_t *json_value_text(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    return value ? value : json_null();
}

json_t *json_value_time(int64_t wall_ms)
{
    char buffer[CLOCK_ISO_SIZE];
    return wall_ms > 0 ? json_string(clock_iso8601(wall_ms, buffer)) : json_null();
}

void json_value_append(struct text *out, json_t *object)
{
    char *line = json_dumps(object, JSON_COMPACT);
    text_format(out, "%s\n", line ? line : "{}");
    free(line);
    json_decref(object);
}

void json_value_print(json_t *object)
{
    AUTO(text_release) struct text line = TEXT_EMPTY;
    json_value_append(&line, object);
    (void)fputs(text_string(&line), stdout);
}

void json_value_release(json_t **value)
{
    json_decref(*value);
    *value = NULL;
}
