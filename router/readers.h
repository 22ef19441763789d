/* readers - the processes that read headers for the router (felucca-header), and what they are asked.
 *
 * A hostile header can crash its reader, or use up its time and memory: then that file is to blame, is named with a
 * true sentence, and another process goes on with the others. Only what a file does by itself condemns it: after a
 * crash it is read once more, alone, in a fresh process, because a file before it may have spoilt the first one; and
 * what ends a process from outside condemns nobody. The router's loop never waits for a reader.
 *
 * A receipt is asked at most once at a time. Answers come in any order. */
#ifndef FELUCCA_ROUTER_READERS_H
#define FELUCCA_ROUTER_READERS_H

#include "router/readers_answer.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct header_process;
struct readers;

/* Finds and starts the programs. The questions are then theirs. 0, or an error with a sentence appended to ret_reason. */
int readers_create(struct questions *questions, bool sandbox, struct readers **ret_readers,
                   struct text *ret_reason);
void readers_destroy(struct readers **readers);

/* One more of these processes, for who asks it something else (judge.h); is then yours. 0, or an error. */
int readers_start_another(const struct readers *readers, struct header_process **ret_process);

/* There are other questions now, which are then theirs. What was read for the old ones is read again. */
void readers_configure(struct readers *readers, struct questions *questions);

/* Whether one more may be asked. */
bool readers_have_room(const struct readers *readers, enum readers_purpose purpose);
bool readers_know(struct readers *readers, const char *receipt);
/* Asks for the header of an open file; the descriptor is then theirs. There must be room, and the receipt unknown. */
void readers_ask(struct readers *readers, enum readers_purpose purpose, const char *receipt, int fd);
/* An answer that has come, to this receipt (NULL: to any); false: none. */
bool readers_take(struct readers *readers, enum readers_purpose purpose, const char *receipt,
                  struct readers_answer *ret_answer);
/* Nobody wants the answer to this receipt (NULL: any of these answers) any more. */
void readers_forget(struct readers *readers, enum readers_purpose purpose, const char *receipt);

/* Sends what waits, receives what came, replaces what ended. Never waits. */
void readers_turn(struct readers *readers);
/* For the loop's poll: fills at most READERS, returns how many. */
size_t readers_fds(const struct readers *readers, struct pollfd *ret_fds);
int64_t readers_wakes_at(const struct readers *readers);
/* The same for who has nothing else to do: as readers_take(), but waits for it, at most so long. */
bool readers_await(struct readers *readers, enum readers_purpose purpose, const char *receipt, int64_t ms,
                   struct readers_answer *ret_answer);

#endif
