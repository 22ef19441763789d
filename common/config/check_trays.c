#include "common/config/check.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"

#include <string.h>

static void complain(const struct config_tray *tray, const void *field, const char *key, const char *sentence,
                     struct config_report *report)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_append(&where, "tray ");
    config_report_quote(&where, tray->name ? tray->name : "");
    text_format(&where, ": %s", key);
    config_report_error(report, config_report_place(report, field), text_string(&where), "%s", sentence);
}

static bool is_name(const char *name)
{
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(name);
}

/* Whether the folder at inner is the one at outer, or in it. */
static bool is_within(const char *inner, const char *outer)
{
    size_t length = strlen(outer);
    while (length > 1 && outer[length - 1] == '/')
        length--;
    return strncmp(inner, outer, length) == 0 &&
           (inner[length] == '\0' || inner[length] == '/' || outer[length - 1] == '/');
}

static void check_folder(const struct config *config, const struct config_tray *tray,
                         struct config_report *report)
{
    const char *state = config->state_dir;
    if (!tray->folder)
        return;
    if (state && (is_within(tray->folder, state) || is_within(state, tray->folder)))
        complain(tray, &tray->folder, "folder", "has state_dir in it, or is in it; choose another", report);
    for (const struct config_tray *other = config->trays; other < tray; other++)
        if (other->folder &&
            (is_within(tray->folder, other->folder) || is_within(other->folder, tray->folder)))
            complain(tray, &tray->folder, "folder",
                     "is that of another tray, or one is in the other; a file has one tray", report);
}

static void check_node(const struct config *config, const struct config_tray *tray,
                       struct config_report *report)
{
    if (!tray->node)
        complain(tray, &tray->name, "node",
                 "is missing, and there is not one node alone; name the one that takes its files", report);
    else if (!config_find_node(config, tray->node))
        complain(tray, &tray->node, "node", "is the aet of none of the nodes", report);
}

static void check_name(const struct config *config, const struct config_tray *tray,
                       struct config_report *report)
{
    if (!tray->name)
        return;
    if (!is_name(tray->name))
        complain(tray, &tray->name, "name", "is wrong, write 1 to 16 letters, digits, _ and -", report);
    for (const struct config_tray *other = config->trays; other < tray; other++)
        if (other->name && strcmp(other->name, tray->name) == 0)
            complain(tray, &tray->name, "name", "is there twice; give each its own", report);
}

void config_check_trays(const struct config *config, struct config_report *report)
{
    for (size_t i = 0; i < config->tray_count; i++) {
        const struct config_tray *tray = &config->trays[i];
        check_name(config, tray, report);
        check_folder(config, tray, report);
        check_node(config, tray, report);
    }
}
