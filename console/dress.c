#include "console/dress.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "console/asked.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { MINUTE_MS = 60 * 1000, HOUR_MS = 60 * MINUTE_MS, UID_BEGIN = 13, UID_END = 10 };

/* ---- states ---- */

static const struct look {
    const char *state, *tone, *mark;
} looks[] = {
    {"up", "good", "m-good"},           {"sent", "good", "m-good"},     {"shared", "good", "m-good"},
    {"fetched", "good", "m-good"},      {"done", "good", "m-good"},     {"active", "good", "m-good"},
    {"queued", "wait", "m-wait"},       {"waiting", "wait", "m-wait"},  {"sending", "wait", "m-go"},
    {"sharing", "wait", "m-go"},        {"asking", "wait", "m-go"},     {"answered", "good", "m-good"},
    {"reporting", "wait", "m-go"},      {"reported", "good", "m-good"}, {"fetching", "wait", "m-go"},
    {"catching up", "wait", "m-go"},    {"deferred", "warn", "m-back"}, {"backing off", "warn", "m-back"},
    {"trouble", "warn", "m-back"},      {"part", "warn", "m-part"},     {"ends soon", "warn", "m-soon"},
    {"blocked", "bad", "m-block"},      {"failed", "bad", "m-fail"},    {"undecided", "bad", "m-void"},
    {"quarantined", "bad", "m-quar"},   {"refused", "bad", "m-refuse"}, {"not active", "bad", "m-block"},
    {"held", "hold", "m-hold"},         {"excluded", "off", "m-no"},    {"dropped", "off", "m-no"},
    {"not configured", "off", "m-off"}, {"silent", "off", "m-off"},     {"not known", "off", "m-off"},
};

static const struct look *look_of(const char *state)
{
    static const struct look other = {"", "off", "m-no"};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].state, state) == 0)
            return &looks[i];
    return &other;
}

const char *dress_tone(const char *state)
{
    return look_of(state)->tone;
}

const char *dress_mark(const char *state)
{
    return look_of(state)->mark;
}

/* ---- times ---- */

enum local_form { LOCAL_CLOCK, LOCAL_DATE, LOCAL_EXACT };

static void append_local(int64_t at, enum local_form form, struct text *out)
{
    char buffer[64] = "";
    struct tm parts;
    time_t seconds = (time_t)(at / 1000);
    (void)localtime_r(&seconds, &parts);
    if (form == LOCAL_CLOCK)
        (void)strftime(buffer, sizeof buffer, "%H:%M", &parts);
    else if (form == LOCAL_DATE)
        (void)strftime(buffer, sizeof buffer, "%e %b %H:%M", &parts);
    else
        (void)strftime(buffer, sizeof buffer, "%a %e %b %Y, %H:%M:%S %z", &parts);
    text_append(out, buffer);
}

static bool is_same_day(int64_t a, int64_t b)
{
    struct tm one, other;
    time_t first = (time_t)(a / 1000), second = (time_t)(b / 1000);
    (void)localtime_r(&first, &one);
    (void)localtime_r(&second, &other);
    return one.tm_year == other.tm_year && one.tm_yday == other.tm_yday;
}

/* "3 min ago" within the hour, then the clock, then date and clock. */
static void append_short(int64_t at, int64_t now, struct text *out)
{
    if (at <= now && now - at < MINUTE_MS) {
        text_append(out, "just now");
    } else if (at <= now && now - at < HOUR_MS) {
        text_format(out, "%lld min ago", (long long)((now - at) / MINUTE_MS));
    } else if (is_same_day(at, now)) {
        append_local(at, LOCAL_CLOCK, out);
    } else {
        append_local(at, LOCAL_DATE, out);
    }
}

json_t *dress_time(int64_t at, int64_t now)
{
    char iso[CLOCK_ISO_SIZE];
    AUTO(text_release) struct text exact = TEXT_EMPTY;
    AUTO(text_release) struct text shortly = TEXT_EMPTY;
    append_local(at, LOCAL_EXACT, &exact);
    append_short(at, now, &shortly);
    return json_pack("{s:s, s:s, s:s}", "iso", clock_iso8601(at, iso), "exact", text_string(&exact), "short",
                     text_string(&shortly));
}

/* "2026-01-31T08:15:00.123Z" as json_from_time() writes it; 0: it is no such time. */
static int64_t time_of(const char *text)
{
    struct tm parts = {0};
    const char *rest = strlen(text) >= sizeof "2026-01-31T08:15:00Z" - 1 && isdigit((unsigned char)*text)
                           ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts)
                           : NULL;
    int64_t ms = 0;
    if (!rest)
        return 0;
    if (*rest == '.' && strspn(rest + 1, "0123456789") == 3)
        ms = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + rest[3] - '0';
    rest += *rest == '.' ? 4 : 0;
    return strcmp(rest, "Z") == 0 ? (int64_t)timegm(&parts) * 1000 + ms : 0;
}

/* ---- members ---- */

static void set(json_t *object, const char *name, const char *ending, json_t *value)
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    text_format(&whole, "%s%s", name, ending);
    (void)json_object_set_new(object, text_string(&whole), value);
}

static void dress_number(json_t *object, const char *name, int64_t number)
{
    AUTO(text_release) struct text count = TEXT_EMPTY;
    AUTO(text_release) struct text other = TEXT_EMPTY;
    text_append_count(&count, number);
    set(object, name, "_n", json_string(text_string(&count)));
    set(object, name, "_some", json_boolean(number != 0));
    set(object, name, "_one", json_boolean(number == 1));
    if (string_ends_with(name, "bytes") || strcmp(name, "size") == 0) {
        text_append_size(&other, number);
        set(object, name, "_size", json_string(text_string(&other)));
    } else if (string_ends_with(name, "seconds")) {
        text_append_duration(&other, number * 1000);
        set(object, name, "_for", json_string(text_string(&other)));
    }
}

static bool is_uid(const char *name)
{
    static const char *const names[] = {"study", "series", "sop_instance", "receipt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static json_t *dress_uid(const char *uid)
{
    AUTO(text_release) struct text link = TEXT_EMPTY;
    size_t length = strlen(uid);
    bool is_cut = length > UID_BEGIN + UID_END + 3;
    AUTO(text_release) struct text begin = TEXT_EMPTY;
    text_append_bytes(&begin, uid, is_cut ? UID_BEGIN : length);
    asked_append_encoded(uid, &link);
    return json_pack("{s:s, s:o, s:o, s:b, s:s}", "whole", uid, "begin", json_from_text(text_string(&begin)),
                     "end", json_from_text(is_cut ? uid + length - UID_END : ""), "is_cut", is_cut, "link",
                     text_string(&link));
}

static void dress_text(json_t *object, const char *name, const char *text, int64_t now)
{
    int64_t at = time_of(text);
    if (at != 0)
        set(object, name, "_time", dress_time(at, now));
    if (is_uid(name))
        set(object, name, "_uid", dress_uid(text));
    if (strcmp(name, "state") == 0)
        set(object, name, "_word",
            json_pack("{s:s, s:s, s:s}", "word", text, "tone", dress_tone(text), "mark", dress_mark(text)));
}

static void dress_null(json_t *object, const char *name)
{
    static const char *const endings[] = {"_n", "_some", "_one", "_size", "_for", "_time", "_uid", "_word"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        set(object, name, endings[i], json_false());
}

static void dress_member(json_t *object, const char *name, json_t *value, int64_t now)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER:
        dress_number(object, name, json_integer_value(value));
        return;
    case JSON_STRING:
        dress_text(object, name, json_string_value(value), now);
        return;
    case JSON_NULL:
        dress_null(object, name);
        return;
    case JSON_ARRAY:
        dress_number(object, name, (int64_t)json_array_size(value));
        break;
    default:
        break;
    }
    dress(value, now);
}

void dress(json_t *document, int64_t now)
{
    size_t index;
    json_t *value, *names = json_array();
    const char *name;
    if (json_is_array(document))
        json_array_foreach(document, index, value) dress(value, now);
    json_object_foreach(document, name, value)(void) json_array_append_new(names, json_string_nocheck(name));
    json_array_foreach(names, index, value)
    {
        name = json_string_value(value);
        dress_member(document, name, json_object_get(document, name), now);
    }
    json_decref(names);
}
