#include "common/kheops/token_expiry.h"

#include <time.h>

#define DAY_MS     (INT64_C(24) * 3600 * 1000)
#define DEFAULT_MS (90 * DAY_MS)

struct token_expiry token_expiry_of(int64_t said, int64_t configured, int64_t first_at)
{
    if (said > 0)
        return (struct token_expiry){TOKEN_EXPIRY_SAID, said, first_at};
    if (configured > 0)
        return (struct token_expiry){TOKEN_EXPIRY_CONFIGURED, configured, first_at};
    if (first_at > 0)
        return (struct token_expiry){TOKEN_EXPIRY_GUESSED, first_at + DEFAULT_MS, first_at};
    return (struct token_expiry){TOKEN_EXPIRY_UNKNOWN, 0, 0};
}

const char *token_expiry_source_name(enum token_expiry_source source)
{
    static const char *const names[] = {
#define X(name, text, meaning) text,
        TOKEN_EXPIRY_MAP(X)
#undef X
    };
    return names[source];
}

/* "26 November", here. */
static void append_day(int64_t at, struct text *out)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm day;
    char name[32];
    (void)localtime_r(&seconds, &day);
    (void)strftime(name, sizeof name, "%e %B %Y", &day);
    text_append(out, *name == ' ' ? name + 1 : name);
}

/* A date in the configuration is that of the last day. */
static bool is_over(const struct token_expiry *expiry, int64_t now)
{
    return now >= expiry->at + (expiry->source == TOKEN_EXPIRY_CONFIGURED ? DAY_MS : 0);
}

bool token_expiry_tell(const struct token_expiry *expiry, const char *name, const char *key, int64_t now,
                       struct text *out)
{
    if (expiry->at == 0 || expiry->at - now > TOKEN_EXPIRY_DAYS * DAY_MS)
        return false;
    text_append(out, name);
    if (expiry->source == TOKEN_EXPIRY_GUESSED) {
        text_append(out, " was first seen on ");
        append_day(expiry->first_at, out);
        text_append(
            out,
            ", and KHEOPS's default is three months: look there when it ends, and make a new one in time, or "
            "write its date as ");
        text_append(out, key);
        return true;
    }
    text_append(out, is_over(expiry, now) ? " should have ended on " : " ends on ");
    append_day(expiry->at, out);
    text_append(out, ": make a new token in KHEOPS and put it into its place");
    if (expiry->source == TOKEN_EXPIRY_CONFIGURED)
        text_format(out, ", with its date as %s", key);
    return true;
}
