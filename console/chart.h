/* chart - bars for what was done in each of many equal times: what a template needs to draw them. */
#ifndef FELUCCA_CONSOLE_CHART_H
#define FELUCCA_CONSOLE_CHART_H

#include "common/base/json.h"

/* Of one member of lines, which have "at", too: { title, unit, total, label, top, bars: [{ x, y, width, height, tone }],
 * cuts: [{ x, y, width }], peaks: [{ x, text }], ticks: [{ x, anchor, text, clock }] }, in a box of 420 by 132. Bars that are far
 * above the others (scale.h) are cut, with their number. The label says it in a sentence. A new reference. */
json_t *chart_of(const json_t *lines, const char *member, const char *title, const char *unit,
                 const char *tone);

#endif
