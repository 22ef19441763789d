/* tray - one folder whose DICOM files are taken, with a thread of its own: a file system that hangs holds up no other tray.
 *
 * A file is taken when it is whole: unchanged for `settle` (rest.h), and its data set does not end in the middle of an element;
 * one that does may still grow, and is set aside when it has not for TRAY_PATIENCE times as long. What is taken is durable in
 * incoming/ before it is moved away or deleted (away.h); what cannot be taken goes to failed/, with a sentence. Where the spool,
 * the database or the folder stands in the way, files stay where they are.
 *
 * No name of a file leaves this room but into failed/: many hold a patient's. */
#ifndef FELUCCA_TRAY_TRAY_H
#define FELUCCA_TRAY_TRAY_H

#include "common/config/config.h"
#include "common/service/metrics.h"
#include "common/spool/tray_report.h"

#include <stdbool.h>

enum { TRAY_PATIENCE = 10, TRAY_FILES_MOST = 10000, TRAY_HANGS_MS = 120 * 1000 };

struct tray;

/* Starts the thread. All are borrowed while it lives. */
struct tray *tray_create(const struct config *config, const struct config_tray *order,
                         struct metrics *metrics);

/* Asks it to end after the block at hand; whether it has. */
void tray_stop(struct tray *tray);
bool tray_has_ended(const struct tray *tray);

/* How it is now; at is for the caller to fill. True: it changed since the last call. */
bool tray_look(struct tray *tray, struct tray_report *ret_report);
const char *tray_name(const struct tray *tray);

/* Waits for the end of a thread that was asked to. False, and it stays: its file system hangs. */
bool tray_destroy(struct tray **tray);

#endif
