/* introduction - a peer that comes through a load balancer of ours (receiver.proxies) says in front of all else whom it
 * speaks for: a header of the PROXY protocol (proxy_header.h) is read from the socket, and not a byte more. */
#ifndef FELUCCA_RECEIVER_INTRODUCTION_H
#define FELUCCA_RECEIVER_INTRODUCTION_H

#include <stdbool.h>
#include <stddef.h>

enum introduction {
    INTRODUCTION_WAITS, /* for as many bytes as *ret_wanted says, at least */
    INTRODUCTION_MADE,  /* the address is the caller's */
    INTRODUCTION_CHECK, /* the balancer's own connection: the address stays */
    INTRODUCTION_WRONG, /* no header, or none that we take */
    INTRODUCTION_GONE   /* nothing more will come */
};

/* closed: the peer has closed its side. Never blocks. Of INTRODUCTION_MADE and _CHECK the header is taken from the socket;
 * ret_address (IPv4 mapped) is written by the first alone. */
enum introduction introduction_take(int socket, bool closed, unsigned char ret_address[16],
                                    size_t *ret_wanted);

/* Such an address for people: IPv4 as it is written, even when it came through a socket for both. */
void introduction_write(const unsigned char address[16], char *ret_text, size_t size);

#endif
