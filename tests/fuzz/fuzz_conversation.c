/* An association after its negotiation: a byte of settings, then PDUs. However the bytes are cut on their way, the
 * same is made of them; and no byte becomes data that was not sent. */
#include "common/base/cleanup.h"
#include "receiver/conversation.h"
#include "tests/fuzz/pdus.h"
#include "tests/fuzz/witness.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed);

/* A connection that is all there; it ends when all was read. */
struct wire {
    const uint8_t *bytes;
    size_t length, most; /* most: bytes of one read */
    struct text *account;
};

static ssize_t read_wire(void *context, void *bytes, size_t size)
{
    struct wire *wire = context;
    size_t n = size < wire->most ? size : wire->most;
    n = n < wire->length ? n : wire->length;
    memcpy(bytes, wire->bytes, n);
    wire->bytes += n;
    wire->length -= n;
    return (ssize_t)n;
}

static ssize_t write_wire(void *context, const void *bytes, size_t size)
{
    const struct wire *wire = context;
    text_append(wire->account, "say ");
    text_append_bytes(wire->account, bytes, size);
    return (ssize_t)size;
}

static bool wire_holds_nothing(void *context)
{
    (void)context;
    return false;
}

static void run(uint8_t settings, const uint8_t *bytes, size_t length, size_t most, struct text *ret_account)
{
    static const struct conversation_context contexts[256] = {
        [1] = {true, CONVERSATION_STORAGE, "1.2.840.10008.1.2"},
        [3] = {true, CONVERSATION_VERIFICATION, "1.2.840.10008.1.2"},
        [5] = {true, CONVERSATION_STORAGE, "1.2.840.10008.1.2.1"},
        [7] = {true, CONVERSATION_COMMITMENT, "1.2.840.10008.1.2.1"},
    };
    struct witness witness = {.input = bytes,
                              .left = length,
                              .useful = settings & 1 ? 2 : SIZE_MAX,
                              .answer = (enum association_answer)(settings / 2 % 3)};
    struct wire wire = {bytes, length, most, &witness.account};
    struct association_handler handler = witness_handler;
    handler.context = &witness;
    const struct transport_layer layer = {
        .context = &wire, .read = read_wire, .write = write_wire, .pending = wire_holds_nothing};
    AUTO(transport_destroy) struct transport *transport = transport_create(-1, 1000, &layer);
    const struct conversation_start start = {.transport = transport,
                                             .handler = &handler,
                                             .calling_aet = "CT01",
                                             .called_aet = "FELUCCA",
                                             .contexts = contexts,
                                             .piece_most = settings & 8 ? 16 : 16000};
    const char *because = NULL;
    enum association_end end = conversation_run(&start, &because);
    assert(end < ASSOCIATION_ENDS);
    assert((because != NULL) == (end == ASSOCIATION_PROTOCOL || end == ASSOCIATION_WASTED));
    text_format(&witness.account, "end %s %s\n", association_end_name(end), because ? because : "");
    *ret_account = witness.account;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    AUTO(text_release) struct text whole = TEXT_EMPTY;
    AUTO(text_release) struct text pieces = TEXT_EMPTY;
    if (length == 0)
        return 0;
    run(bytes[0], bytes + 1, length - 1, SIZE_MAX, &whole);
    run(bytes[0], bytes + 1, length - 1, 1 + bytes[0] / 16u * 7u, &pieces);
    assert(whole.length == pieces.length && memcmp(whole.bytes, pieces.bytes, whole.length) == 0);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t most, unsigned seed)
{
    if (length == 0 || most < 2)
        return 0;
    if (seed % 16 == 0)
        bytes[0] = (uint8_t)(seed >> 8);
    return 1 + pdus_mutate(bytes + 1, length - 1, most - 1, seed);
}
