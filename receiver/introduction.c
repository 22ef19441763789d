#include "receiver/introduction.h"

#include "receiver/proxy_header.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void introduction_write(const unsigned char address[16], char *ret_text, size_t size)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    bool is_ipv4 = memcmp(address, mapped, sizeof mapped) == 0;
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address + (is_ipv4 ? 12 : 0), ret_text, (socklen_t)size);
}

enum introduction introduction_take(int socket, bool closed, unsigned char ret_address[16],
                                    size_t *ret_wanted)
{
    unsigned char bytes[PROXY_HEADER_MOST];
    struct proxy_header header;
    ssize_t length = recv(socket, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
    *ret_wanted = PROXY_HEADER_LEAST;
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return INTRODUCTION_WAITS;
    if (length <= 0)
        return INTRODUCTION_GONE;
    enum proxy_look look = proxy_header_read(bytes, (size_t)length, &header);
    *ret_wanted = header.length;
    if (look == PROXY_WRONG)
        return INTRODUCTION_WRONG;
    if (look == PROXY_WAITS)
        return closed ? INTRODUCTION_GONE : INTRODUCTION_WAITS;
    if (recv(socket, bytes, header.length, MSG_DONTWAIT) != (ssize_t)header.length)
        return INTRODUCTION_GONE;
    if (header.local)
        return INTRODUCTION_CHECK;
    memcpy(ret_address, header.address, sizeof header.address);
    return INTRODUCTION_MADE;
}
