#include "cli/notified.h"

#include "cli/columns.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/jobs/notice.h"

#include <string.h>

struct look {
    const struct config *config;
    int64_t now;
    struct text *out;
    json_t *list;
    size_t troubled;
};

static bool is_configured(const struct config *config, const char *name)
{
    return config_find_webhook(config, name) || config_find_mail(config, name);
}

static void append_trouble(void *context, const struct jobdb_recipient *recipient)
{
    struct look *look = context;
    AUTO(text_release) struct text line = TEXT_EMPTY;
    if (recipient->failures == 0 || !is_configured(look->config, recipient->name))
        return;
    look->troubled++;
    text_format(&line, "%s takes no notices (%lld wait), next try in ", recipient->name,
                (long long)recipient->waiting);
    text_append_duration(&line, recipient->until > look->now ? recipient->until - look->now : 0);
    text_format(&line, ": %s", recipient->last_error ? recipient->last_error : "");
    text_append_char(look->out, '\n');
    table_wrap(look->out, text_string(&line), 0, columns_line());
}

int notified_append(struct jobdb *db, const struct config *config, int64_t now, struct text *out)
{
    struct look look = {.config = config, .now = now, .out = out};
    if (config_notified(config) == 0)
        return 0;
    int code = jobdb_each_recipient(db, append_trouble, &look);
    if (code == 0 && look.troubled == 0)
        text_format(out, "\nnotices go to %s%s\n", config_notified_name(config, 0),
                    config_notified(config) > 1 ? " and others" : "");
    return code;
}

static void add_recipient(void *context, const struct jobdb_recipient *recipient)
{
    struct look *look = context;
    if (is_configured(look->config, recipient->name))
        (void)json_array_append_new(
            look->list,
            json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o}", "target", recipient->name, "waiting",
                      (json_int_t)recipient->waiting, "failures", (json_int_t)recipient->failures,
                      "last_error", json_from_text(recipient->last_error), "last_error_at",
                      json_from_time(recipient->last_error_at), "next_try_at",
                      json_from_time(recipient->until), "sent_at", json_from_time(recipient->sent_at)));
}

json_t *notified_json(struct jobdb *db, const struct config *config)
{
    struct look look = {.config = config, .list = json_array()};
    (void)jobdb_each_recipient(db, add_recipient, &look);
    return look.list;
}
