/* calls - what a process that reads headers may still ask of the kernel, before it hears of the first file.
 *
 * Descriptors come over its socket: it opens no path at all, and signals, starts and reaches nobody (decision 23). What its
 * libraries load later, the tables of character sets, is loaded before. */
#ifndef FELUCCA_HEADER_CALLS_H
#define FELUCCA_HEADER_CALLS_H

/* Once, at the start. Where the kernel refuses it goes on, with a line in the log. */
void calls_limit(void);

#endif
