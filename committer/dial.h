/* dial - a connection to a source, over IPv4 or IPv6. */
#ifndef FELUCCA_COMMITTER_DIAL_H
#define FELUCCA_COMMITTER_DIAL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* To an address, or to the addresses of a name one after the other, limit_ms in all but for looking up the name. The socket, which
 * blocks and is then yours; or -1, and why not in ret_reason, a part of a sentence. */
int dial(const char *host, int port, int64_t limit_ms, char *ret_reason, size_t size);

/* A socket on which one of this machine can connect to us, at 127.0.0.1 and *ret_port; yours. -1: there is none. */
int dial_ourselves(int *ret_port);

#ifdef __cplusplus
}
#endif

#endif
