/* crash_rows - each crash point hit once in a real process, and what must be true afterwards.
 *
 * One row for each point of common/base/crash.h: a pipeline of the programs with crash points gets a study,
 * the process dies at the point and is started again, the PACS sends again what was not acknowledged. Then:
 * everything acknowledged is at KHEOPS as it was sent, every share that is due was made, the spool is empty,
 * no job is stuck, and no more was repeated than the point allows. */
#ifndef FELUCCA_TESTS_CRASH_ROWS_H
#define FELUCCA_TESTS_CRASH_ROWS_H

/* Runs the rows of these processes (blank-separated), or, with FELUCCA_CRASH_ONLY in the environment, those
 * of them whose name begins so. Prints a table. Returns main's exit status. */
int crash_rows_run(const char *processes);

#endif
