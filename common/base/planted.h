/* planted - what a process does that somebody has taken over, for the tests of what it may do then.
 *
 * In the test build, with FELUCCA_PLANTED_CALL=PROCESS:CALL in its environment, a process that comes to PLANTED_CALL("PROCESS")
 * makes that call. When it is alive afterwards it says on standard error what came of it: "planted call CALL: went well", or the
 * number of the error. In programs for use it is nothing; tests/check/test-hooks.sh proves it. */
#ifndef FELUCCA_BASE_PLANTED_H
#define FELUCCA_BASE_PLANTED_H

#ifdef FELUCCA_TEST_HOOKS

void planted_call(const char *process);
#define PLANTED_CALL(process) planted_call(process)

#else

#define PLANTED_CALL(process) ((void)0)

#endif

#endif
