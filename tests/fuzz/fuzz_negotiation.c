/* A connection from its first byte: an A-ASSOCIATE-RQ, which the toolkit reads, and what follows. Whatever it is,
 * the association ends, and no byte becomes data that was not sent. */
#include "common/base/cleanup.h"
#include "receiver/association.h"
#include "tests/fuzz/pdus.h"
#include "tests/fuzz/witness.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { LENGTH_MOST = 64 * 1024 /* a socket holds it */ };

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);
const char *__asan_default_options(void);

/* The toolkit loses memory with nearly each association; it ends with the association's process (docs/security.md). */
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    if (association_prepare() != 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    int ends[2];
    if (length > LENGTH_MOST)
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        abort();
    AUTO(fd_close) int peer = ends[0];
    if (send(peer, bytes, length, MSG_NOSIGNAL) != (ssize_t)length || shutdown(peer, SHUT_WR) != 0)
        abort();
    struct witness witness = {.input = bytes, .left = length, .useful = 3};
    struct association_handler handler = witness_handler;
    handler.context = &witness;
    const char *because = NULL;
    assert(association_serve(transport_create(ends[1], 2000, NULL), 2, &handler, &because) <
           ASSOCIATION_ENDS);
    text_release(&witness.account);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed)
{
    return pdus_mutate(bytes, length, most < LENGTH_MOST ? most : LENGTH_MOST, seed);
}
