/* watch - a screen that is drawn again and again, in place, until Ctrl-C. */
#ifndef FELUCCA_CLI_WATCH_H
#define FELUCCA_CLI_WATCH_H

#include "common/base/text.h"

enum { WATCH_MS = 2000 };

/* Calls draw(context, frame) every WATCH_MS, and when the terminal changes its size, until SIGINT, SIGTERM or
 * SIGHUP. A frame that is higher than the terminal is cut. Where stdout is no terminal, frames follow each
 * other. Ends with the cursor below the last frame and status EXIT_OK; or with draw's, when that is another;
 * or EXIT_NO, when nobody reads any more. */
int watch_run(int (*draw)(void *context, struct text *frame), void *context);

#endif
