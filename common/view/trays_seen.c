#include "common/view/trays_seen.h"

#include "common/base/clock.h"
#include "common/spool/tray_report.h"

/* Whether the process lives, as far as it says. */
static bool read_report(const struct config *config, const char *name, int64_t now,
                        struct tray_report *ret_report)
{
    *ret_report = (struct tray_report){.at = 0};
    return tray_report_read(config->state_dir, name, ret_report) && now - ret_report->at < TRAY_REPORT_OLD_MS;
}

static void append_tray(const char *name, const struct tray_report *report, bool runs, struct text *lines)
{
    char since[CLOCK_ISO_SIZE];
    if (runs && report->trouble_since == 0)
        return;
    text_append(lines, lines->length > 0 ? "\n" : "");
    if (!runs)
        text_format(lines, "felucca-tray does not run: nothing is taken from tray %s. Start it.", name);
    else
        text_format(lines, "Nothing, or not everything, is taken from tray %s since %s: %s.", name,
                    clock_local(report->trouble_since, since), report->trouble);
}

void trays_seen_append(const struct config *config, int64_t now, struct text *lines)
{
    for (size_t i = 0; i < config->tray_count; i++) {
        struct tray_report report;
        bool runs = read_report(config, config->trays[i].name, now, &report);
        append_tray(config->trays[i].name, &report, runs, lines);
    }
}

json_t *trays_seen_json(const struct config *config, int64_t now)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->tray_count; i++) {
        struct tray_report report;
        bool runs = read_report(config, config->trays[i].name, now, &report);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "tray", config->trays[i].name, "running", runs,
                            "waiting", (json_int_t)report.waiting, "set_aside", (json_int_t)report.set_aside,
                            "trouble", json_from_text(*report.trouble ? report.trouble : NULL),
                            "trouble_since", json_from_time(report.trouble_since)));
    }
    return list;
}
