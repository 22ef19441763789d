/* tray_report - how a tray is: felucca-tray writes it, `felucca status` shows it.
 *
 *     state_dir/imports/NAME.tray      a JSON object
 *
 * Written anew when something changes, and every TRAY_REPORT_MS while the process lives: one that is older is of a process that
 * does not run. It is a hint, and holds no name of a file. */
#ifndef FELUCCA_SPOOL_TRAY_REPORT_H
#define FELUCCA_SPOOL_TRAY_REPORT_H

#include <stdbool.h>
#include <stdint.h>

enum { TRAY_REPORT_MS = 15 * 1000, TRAY_REPORT_OLD_MS = 60 * 1000, TRAY_TROUBLE_SIZE = 300 };

struct tray_report {
    int64_t at;                      /* wall ms: when it was written */
    int64_t waiting;                 /* files that are not taken yet */
    int64_t set_aside;               /* since the process began */
    int64_t trouble_since;           /* wall ms; 0: there is none */
    char trouble[TRAY_TROUBLE_SIZE]; /* a sentence without its point */
};

/* name: of the tray. 0 or an error of the file system. */
int tray_report_write(const char *state_dir, const char *name, const struct tray_report *report);
/* A process that ends says so. */
void tray_report_remove(const char *state_dir, const char *name);
/* False: there is none that can be read. */
bool tray_report_read(const char *state_dir, const char *name, struct tray_report *ret_report);

#endif
