/* Any bytes as the beginning of a connection from a load balancer. What is a whole header stays one whatever comes
 * behind it, no beginning of it is wrong or whole, and it is never longer than its bounds. */
#include "receiver/proxy_header.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct proxy_header header, other;
    enum proxy_look look = proxy_header_read(bytes, length, &header);
    assert(look == PROXY_WRONG || length == 0 || proxy_header_begins(bytes, length));
    if (look == PROXY_WAITS)
        assert(header.length > length && header.length <= PROXY_HEADER_MOST);
    if (look != PROXY_WHOLE)
        return 0;
    assert(header.length <= length && header.length <= PROXY_HEADER_MOST);
    assert(proxy_header_read(bytes, header.length, &other) == PROXY_WHOLE && other.length == header.length);
    assert(other.local == header.local && memcmp(other.address, header.address, sizeof header.address) == 0);
    for (size_t part = 0; part < header.length; part++)
        assert(proxy_header_read(bytes, part, &other) == PROXY_WAITS && other.length <= header.length);
    return 0;
}
