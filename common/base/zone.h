/* zone - how far local time is from UTC, in a named time zone (RFC 8536, the files of tzdata) or in that of the host.
 *
 * Read once, from /usr/share/zoneinfo; behind the last change that the file lists, by the rule at its end (POSIX TZ). Nothing of
 * the process changes, as tzset() would. Read-only once it is open, so threads may share it. */
#ifndef FELUCCA_BASE_ZONE_H
#define FELUCCA_BASE_ZONE_H

#include "common/base/text.h"

#include <stdint.h>

struct zone;

/* name: "Europe/Zurich". 0; ERR_SYNTAX: no name of a zone; ERR_ABSENT: this machine does not know it; ERR_DAMAGED: nobody
 * understands its file; or ERR_IO, with "is ...; write ..." appended to ret_reason. */
int zone_open(const char *name, struct zone **ret_zone, struct text *ret_reason);
void zone_close(struct zone **zone);

/* Seconds east of UTC at a time (seconds since 1970); zone NULL: that of the host ($TZ, /etc/localtime). */
int zone_offset(const struct zone *zone, int64_t at);

/* Days from 1970-01-01 to a day of the Gregorian calendar; month 1 to 12. */
int64_t zone_days(int64_t year, int month, int day);

#endif
