/* window - the asynchronous operations window of an association (PS3.7 section D.3.3.3).
 *
 * Whoever proposes one hears what we do: one operation invoked and one performed at a time. DCMTK passes the item over
 * and cannot answer it. Looks at whole PDUs of the negotiation, whose lengths are the peer's: none is followed
 * beyond what is there. Memory: what is heard, which is one PDU that the lobby has bounded. */
#ifndef FELUCCA_RECEIVER_WINDOW_H
#define FELUCCA_RECEIVER_WINDOW_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct window;

struct window *window_create(void);
void window_destroy(struct window **window);

/* What the peer says until it is answered. */
void window_hear(struct window *window, const void *bytes, size_t size);

/* What to say in place of a whole PDU: an A-ASSOCIATE-AC with the answer (1,1), where a window was proposed; any
 * other PDU as it is. Borrowed until the next call. */
const void *window_say(struct window *window, const void *pdu, size_t size, size_t *ret_size);

#ifdef __cplusplus
}
#endif

#endif
