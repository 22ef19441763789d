/* listener - the receiver's parent process: accepts, counts, forks and reaps.
 *
 * Single-threaded. Peers that have connected wait in the lobby until they ask for an association; then a
 * process of its own serves each (session.h), as long as there are fewer than max_associations, and fewer of
 * its address, and of its calling title where its address may use that, than max_associations_per_source;
 * a title whose source has a passcode counts once
 * that was proved. Beyond, they are rejected as transient, "local limit exceeded". A fork that fails rejects one peer as "temporary
 * congestion". A child that dies of a signal costs its association, and its partial file is swept. */
#ifndef FELUCCA_RECEIVER_LISTENER_H
#define FELUCCA_RECEIVER_LISTENER_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/spool/spool.h"
#include "receiver/hints.h"
#include "receiver/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listener;

/* Binds and listens. All arguments are borrowed while the listener lives. 0 or ERR_NETWORK, with a sentence
 * appended to ret_reason. */
int listener_create(const struct config *config, struct spool *spool, struct hints *hints,
                    struct names *names, struct listener **ret_listener, struct text *ret_reason);
/* Ends children that are left with SIGKILL. */
void listener_destroy(struct listener **listener);

/* The port that it listens on, where the configuration says 0. */
int listener_port(const struct listener *listener);
/* The same for TLS; 0: there is none. */
int listener_tls_port(const struct listener *listener);
/* Processes of peers: associations in progress, and handshakes. */
size_t listener_children(const struct listener *listener);
/* The process of one of them, in no order. */
pid_t listener_child(const struct listener *listener, size_t index);

/* New associations use this configuration, and its names are followed; ports and address stay as they are. The files of TLS
 * are read again; what cannot be used is told in the log, and what was read before stays. */
void listener_set_config(struct listener *listener, const struct config *config);

/* Waits for something to do, at most a second, also until wake_fd (-1: none) is readable, and does it. */
void listener_turn(struct listener *listener, int wake_fd);

/* Accepts nobody any more, lets go who waits, and asks the children to finish. */
void listener_drain(struct listener *listener);

#endif
