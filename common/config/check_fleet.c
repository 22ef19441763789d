#include "common/base/cleanup.h"
#include "common/config/cell.h"
#include "common/config/check.h"
#include "common/config/url.h"

#include <string.h>

static void complain(struct config_report *report, const struct config_fleet_cell *cell, const char *key,
                     const void *field, const char *sentence)
{
    AUTO(text_release) struct text where = TEXT_EMPTY;
    text_format(&where, "fleet: cell \"%s\": %s", cell->cell, key);
    config_report_error(report, config_report_place(report, field), text_string(&where), "%s", sentence);
}

void config_check_fleet(const struct config *config, struct config_report *report)
{
    for (size_t i = 0; i < config->fleet_count; i++) {
        const struct config_fleet_cell *cell = &config->fleet[i];
        if (!cell->cell || !cell->url)
            continue;
        if (config_url_is_exposed(cell->url))
            complain(
                report, cell, "url", &cell->url,
                "is http to another machine, where everybody on the way reads what it answers; write https, or "
                "http://127.0.0.1:PORT where a tunnel begins");
        for (size_t j = 0; j < i; j++)
            if (config->fleet[j].cell && strcmp(config->fleet[j].cell, cell->cell) == 0)
                complain(report, cell, "cell", &cell->cell, "is there twice; each cell has one entry");
    }
}

bool config_has_other_cells(const struct config *config)
{
    char own[CONFIG_CELL_SIZE];
    config_cell(config, own);
    for (size_t i = 0; i < config->fleet_count; i++)
        if (strcmp(config->fleet[i].cell, own) != 0)
            return true;
    return false;
}
