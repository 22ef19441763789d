/* inquiries - series about which KHEOPS is asked (reshare --from-kheops), since their files and kept headers are gone.
 *
 * An inquiry is work of its own for a sharer, who has the source token: leased, retried and explained as shares are, with
 * a wait of its own after trouble, so that it keeps no share from going and no other change of an operator. One a
 * destination is out at a time. What KHEOPS tells of a few instances comes with the RESULT, is held in memory until the
 * readers (readers.h) have read it, asked as a kept header is, and forgotten: it is in no file, database or log. A router
 * that dies meanwhile asks KHEOPS again. The first instance that meets the album's condition shares the series; when all
 * were heard and none does, it is not shared. */
#ifndef FELUCCA_ROUTER_INQUIRIES_H
#define FELUCCA_ROUTER_INQUIRIES_H

#include "common/jobs/reshare.h"
#include "common/wire/work.h"
#include "router/crew.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct inquiries;
struct router;
struct target;

struct inquiries *inquiries_create(void);
void inquiries_destroy(struct inquiries **inquiries);

/* Whether one of the destination is out, or its answer is being read. */
bool inquiries_are_out(struct router *router, int64_t destination_id);

/* The instances that are asked about next, at most WORK_INQUIRED_MAX; of a series that begins, one. */
size_t inquiries_next(struct router *router, int64_t inquiry_id, struct jobdb_past *ret_list);

/* Of one that was leased no instance is known any more: it is over. */
void inquiries_end_empty(struct router *router, const struct jobdb_batch *batch);

/* A RESULT of the stage has come (lease NULL: to none that is known), or its lease is lost; the lease is ended. */
void inquiries_take(struct router *router, struct lease *lease, struct work_result *result);
void inquiries_lost(struct router *router, struct lease *lease);

/* Goes on with what is being read. */
void inquiries_turn(struct router *router);

#endif
