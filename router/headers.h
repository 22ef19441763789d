/* headers - what is kept of instances when their files are gone: their headers (common/dicom/kept.h), so that conditions
 * can be asked again.
 *
 * state_dir/headers/xx/ has one file a study, which only grows; it is named by a digest, is for the service's user alone,
 * and goes retention_headers after its last instance. It holds patient data, and nothing of it is ever in jobs.db or a log.
 * No delivery depends on it: what a crash, a full disk or a hand takes away only makes a later question undecided. Nothing
 * is flushed to the disk. Below min_free_space all headers go first. */
#ifndef FELUCCA_ROUTER_HEADERS_H
#define FELUCCA_ROUTER_HEADERS_H

#include <stdbool.h>
#include <stddef.h>

enum { HEADERS_A_TURN = 8 << 20 /* bytes of studies' files, that may be read in one turn of the loop */ };

struct headers;
struct router;

struct headers *headers_create(const char *state_dir);
void headers_destroy(struct headers **headers);

/* Adds the header of an instance to those of its study; now: wall ms without leaps, as expires_by of the router. Of a study
 * 64 MiB are kept. What goes wrong is logged, once. */
void headers_keep(struct headers *headers, const char *study, const char *receipt, const void *bytes,
                  size_t length, int64_t now);

/* The header of a receipt as a file in memory; the descriptor is then yours. False: there is none. */
bool headers_open(struct headers *headers, const char *study, const char *receipt, int *ret_fd);

enum headers_found {
    HEADERS_FOUND,
    HEADERS_NONE, /* or its study's file has more than HEADERS_A_TURN bytes */
    HEADERS_LATER /* the allowance is used up: ask again in another turn */
};
/* The same for many studies: *allowance, HEADERS_A_TURN at a turn's beginning, loses the bytes of the files that are read. */
enum headers_found headers_open_within(struct headers *headers, const char *study, const char *receipt,
                                       int64_t *allowance, int *ret_fd);

/* Removes the header of a receipt from its study's file, for good: what it held is written over, durably. Those of the
 * study's other instances stay, and their time as it is; with the last one the file goes. */
void headers_forget(struct headers *headers, const char *study, const char *receipt);

/* Removes some whose time is over; all, where none are to be kept any more. */
void headers_turn(struct router *router);

/* The disk is short: removes some. False: there are none. */
bool headers_give_way(struct headers *headers);

#endif
