/* proxy_header - the PROXY protocol, version 1 and 2: a load balancer says in front of a connection's first byte whom it
 * speaks for (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt).
 *
 * Pure: bytes come in, nothing is read or allocated. A header is longer than PROXY_HEADER_MOST for nobody: that is what
 * fits into the first segment of any connection, so it has to hold. Its TLVs are passed over. */
#ifndef FELUCCA_RECEIVER_PROXY_HEADER_H
#define FELUCCA_RECEIVER_PROXY_HEADER_H

#include <stdbool.h>
#include <stddef.h>

enum { PROXY_HEADER_MOST = 536, PROXY_V1_MOST = 107, PROXY_HEADER_LEAST = 15 /* "PROXY UNKNOWN\r\n" */ };

enum proxy_look {
    PROXY_WAITS, /* what is there may become one: as many bytes are needed as ret_header->length says, at least */
    PROXY_WRONG, /* it is none, or none of TCP over IP */
    PROXY_WHOLE
};

struct proxy_header {
    size_t length; /* in bytes, of the header alone */
    bool
        local; /* nobody else's: the balancer's own check, or it does not know; the connection's address counts */
    unsigned char address[16]; /* of the caller, IPv4 mapped; where it is not local */
};

/* Of the first bytes of a connection, all that are there up to PROXY_HEADER_MOST. */
enum proxy_look proxy_header_read(const unsigned char *bytes, size_t length, struct proxy_header *ret_header);

/* Whether they begin as one would, of any length above 0. */
bool proxy_header_begins(const unsigned char *bytes, size_t length);

#endif
