/* hours - at which times of the week something may be done: "20:00-06:00", "Mon-Fri 19:30-07:00", "Sat,Sun 00:00-24:00".
 *
 * By the clock on the wall of a time zone: a time that summer time leaps over does not come, one that it repeats comes twice. A
 * span that ends before it begins, or as it begins, goes on into the next day; its day is the one on which it begins. */
#ifndef FELUCCA_BASE_HOURS_H
#define FELUCCA_BASE_HOURS_H

#include "common/base/text.h"
#include "common/base/zone.h"

#include <stdbool.h>
#include <stdint.h>

struct hours;

/* 0, or ERR_SYNTAX with "is not ...; write ..." appended. */
int hours_check(const char *span, struct text *ret_reason);

/* Of spans that are right, joined; zone NULL: that of the host, else it is then the hours'. */
struct hours *hours_create(char *const *spans, size_t count, struct zone *zone);
void hours_destroy(struct hours **hours);

/* The time around now in which nothing changes: from, and until, in wall ms; where nothing changes within eight days, these. Whether it
 * is one of the hours. */
bool hours_look(const struct hours *hours, int64_t now, int64_t *ret_from, int64_t *ret_until);

/* "20:00", or "Mon 20:00" where that is not within a day of now; appended, in the zone of the hours. */
void hours_append_time(const struct hours *hours, int64_t at, int64_t now, struct text *out);

#endif
