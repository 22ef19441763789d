/* dicom-peer - somebody on the network, good or hostile, for tests: from an address of its own, for some seconds.
 *
 * Usage: dicom-peer store FROM PORT CALLED CALLING FILE...
 *        dicom-peer fuzz|drip|bomb|flood FROM PORT CALLED CALLING SECONDS SEED
 *
 * store sends files in one association and says on stderr what storescu -v says of each, and how long the slowest
 * C-STORE took; its status is 1 when something was refused. The others attack, and say how many tries they made.
 * The same seed gives the same tries, as far as the other side lets it. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "tests/support/dul.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

enum {
    CROWD = 64,
    PIECE = 16000,
    CONTEXT = 1,
    CONTEXT_MR = 3,
    STORE = 0x01,
    FIND = 0x20,
    WAIT_MS = 60000,
    SHORT_MS = 20
};

#define CT       "1.2.840.10008.5.1.4.1.1.2"
#define MR       "1.2.840.10008.5.1.4.1.1.4"
#define IMPLICIT "1.2.840.10008.1.2"
#define EXPLICIT "1.2.840.10008.1.2.1"
#define DEFLATED "1.2.840.10008.1.2.1.99"

struct peer {
    const char *from, *called, *calling;
    int port;
    uint64_t state; /* of its dice */
    int64_t end_ms;
    unsigned long tries;
};

static uint64_t roll(struct peer *peer, uint64_t sides)
{
    uint64_t mixed = peer->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return (mixed ^ mixed >> 31) % sides;
}

static bool goes_on(const struct peer *peer)
{
    return clock_monotonic_ms() < peer->end_ms;
}

/* -1 when it is not let in at once. */
static int call(const struct peer *peer)
{
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    AUTO(fd_close) int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct timeval patience = {.tv_sec = WAIT_MS / 1000};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)peer->port);
    if (client < 0 || inet_pton(AF_INET, peer->from, &from.sin_addr) != 1 ||
        setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
        bind(client, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(client, (struct sockaddr *)&to, sizeof to) != 0)
        return -1;
    int connected = client;
    client = -1;
    return connected;
}

/* False when the other side does not take it. */
static bool say(int client, const struct text *bytes)
{
    for (size_t sent = 0; sent < bytes->length;) {
        ssize_t n = send(client, bytes->bytes + sent, bytes->length - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

static void append_request(const struct peer *peer, const char *syntax, struct text *out)
{
    const struct dul_context contexts[] = {{CONTEXT, CT, {syntax}}, {CONTEXT_MR, MR, {syntax}}};
    dul_append_request(out, peer->called, peer->calling, contexts, 2);
}

/* An association; -1 when there is none. */
static int associate(const struct peer *peer, const char *syntax)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    AUTO(fd_close) int client = call(peer);
    append_request(peer, syntax, &pdu);
    if (client < 0 || !say(client, &pdu) || dul_read(client, WAIT_MS, &pdu) != DUL_ASSOCIATE_AC ||
        dul_context_result(&pdu, CONTEXT) != 0)
        return -1;
    int associated = client;
    client = -1;
    return associated;
}

/* An instance, by name. */
struct instance {
    char sop_class[80], uid[80];
    struct text data;
};

static void append_store(const struct instance *instance, struct text *out)
{
    const struct dul_command command = {STORE, 1, instance->sop_class, instance->uid, 0, true};
    unsigned char context = strcmp(instance->sop_class, MR) == 0 ? CONTEXT_MR : CONTEXT;
    dul_append_command(out, context, &command);
    for (size_t at = 0, length; at < instance->data.length; at += length) {
        length = instance->data.length - at < PIECE ? instance->data.length - at : PIECE;
        dul_append_data(out, context, instance->data.bytes + at, length,
                        at + length == instance->data.length);
    }
}

static void release_instance(struct instance *instance)
{
    text_release(&instance->data);
}

/* ---- data sets ---- */

static void append_little(struct text *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        text_append_char(out, (char)(value >> 8 * i & 0xff));
}

/* Implicit VR. */
static void append_element(struct text *out, uint32_t group, uint32_t element, const void *bytes,
                           size_t length)
{
    append_little(out, group, 2);
    append_little(out, element, 2);
    append_little(out, (uint32_t)length, 4);
    text_append_bytes(out, bytes, length);
}

/* One more of a series of this peer's; its data set is only begun. */
static void begin_instance(struct peer *peer, struct instance *ret_instance)
{
    struct text *data = &ret_instance->data;
    (void)snprintf(ret_instance->sop_class, sizeof ret_instance->sop_class, "%s", CT);
    memset(ret_instance->uid, 0, sizeof ret_instance->uid);
    (void)snprintf(ret_instance->uid, sizeof ret_instance->uid, "2.25.%llu",
                   (unsigned long long)roll(peer, UINT64_MAX));
    size_t length = strlen(ret_instance->uid);
    append_element(data, 0x0008, 0x0016, CT "\0", sizeof CT);
    append_element(data, 0x0008, 0x0018, ret_instance->uid, length + length % 2);
    append_element(data, 0x0008, 0x0060, "CT", 2);
    append_element(data, 0x0020, 0x000d, "2.25.4711", 10);
    append_element(data, 0x0020, 0x000e, "2.25.4712", 10);
}

/* ---- a good one ---- */

/* A UID of the file meta header, which is Explicit VR. */
static bool find_uid(const struct text *meta, char element, char (*ret_uid)[80])
{
    const char tag[] = {0x02, 0, element, 0, 'U', 'I'};
    const char *found = memmem(meta->bytes, meta->length, tag, sizeof tag);
    if (!found)
        return false;
    size_t length = (unsigned char)found[6] | (size_t)(unsigned char)found[7] << 8;
    (void)snprintf(*ret_uid, sizeof *ret_uid, "%.*s", (int)length, found + 8);
    return true;
}

static bool read_file(const char *path, struct instance *ret_instance)
{
    enum { META_AT = 132, GROUP_LENGTH = 12 };
    char bytes[16384];
    AUTO(fd_close) int file = open(path, O_RDONLY | O_CLOEXEC);
    AUTO(text_release) struct text all = TEXT_EMPTY;
    for (ssize_t n; (n = read(file, bytes, sizeof bytes)) > 0;)
        text_append_bytes(&all, bytes, (size_t)n);
    if (all.length < META_AT + GROUP_LENGTH)
        return false;
    const unsigned char *number = (const unsigned char *)all.bytes + META_AT + 8;
    size_t data_at = META_AT + GROUP_LENGTH + (number[0] | (size_t)number[1] << 8);
    if (data_at >= all.length)
        return false;
    text_append_bytes(&ret_instance->data, all.bytes + data_at, all.length - data_at);
    all.length = data_at;
    return find_uid(&all, 2, &ret_instance->sop_class) && find_uid(&all, 3, &ret_instance->uid);
}

static bool store_file(int client, const char *path, int64_t *slowest_ms)
{
    AUTO(text_release) struct text pdus = TEXT_EMPTY;
    AUTO(release_instance) struct instance instance = {.uid = ""};
    (void)fprintf(stderr, "I: Sending file: %s\n", path);
    if (!read_file(path, &instance))
        return false;
    append_store(&instance, &pdus);
    int64_t began_ms = clock_monotonic_ms();
    bool stored =
        say(client, &pdus) && dul_read(client, WAIT_MS, &pdus) == DUL_DATA && dul_status(&pdus) == 0;
    int64_t took_ms = clock_monotonic_ms() - began_ms;
    *slowest_ms = took_ms > *slowest_ms ? took_ms : *slowest_ms;
    if (stored)
        (void)fprintf(stderr, "I: Received Store Response (Success)\n");
    return stored;
}

static int store_files(const struct peer *peer, char **paths)
{
    AUTO(text_release) struct text release = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(peer, EXPLICIT);
    int64_t slowest_ms = 0;
    bool good = client >= 0;
    for (; good && *paths; paths++)
        good = store_file(client, *paths, &slowest_ms);
    dul_append_release(&release);
    if (good)
        good = say(client, &release) && dul_read(client, WAIT_MS, &release) == DUL_RELEASE_RP;
    (void)fprintf(stderr, "I: Slowest store: %lld ms\n", (long long)slowest_ms);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the fuzzer ---- */

static void mutate(struct peer *peer, struct text *bytes)
{
    static const uint32_t numbers[] = {0,      1,      2,       3,          0x7f,      0xff,
                                       0x7fff, 0xffff, 0x20000, 0x7fffffff, 0xffffffff};
    for (uint64_t changes = 1 + roll(peer, 4); changes > 0 && bytes->length > 8; changes--) {
        size_t at = roll(peer, bytes->length - 4);
        uint32_t number = numbers[roll(peer, sizeof numbers / sizeof *numbers)];
        switch (roll(peer, 4)) {
        case 0:
            bytes->bytes[at] = (char)roll(peer, 256);
            break;
        case 1:
            for (int i = 0; i < 4; i++)
                bytes->bytes[at + (size_t)i] = (char)(number >> (24 - 8 * i) & 0xff);
            break;
        case 2:
            bytes->length = at;
            break;
        default:
            memmove(bytes->bytes + at / 2, bytes->bytes + at, bytes->length - at);
            bytes->length -= at - at / 2;
        }
    }
}

static void fuzz(struct peer *peer)
{
    while (goes_on(peer)) {
        AUTO(text_release) struct text said = TEXT_EMPTY, message = TEXT_EMPTY;
        AUTO(release_instance) struct instance instance = {.uid = ""};
        AUTO(fd_close) int client = call(peer);
        begin_instance(peer, &instance);
        append_request(peer, IMPLICIT, &said);
        append_store(&instance, &message);
        mutate(peer, roll(peer, 2) ? &said : &message);
        text_append_bytes(&said, message.bytes, message.length);
        if (client >= 0 && say(client, &said))
            while (dul_read(client, SHORT_MS, &message) > DUL_END)
                continue;
        peer->tries++;
    }
}

/* ---- the dripper ---- */

/* Half of them drip a message, the others their request. */
static void drip(struct peer *peer)
{
    enum { DRIP_MS = 200 };
    static const struct dul_command store = {STORE, 1, CT, "2.25.1", 0, true};
    AUTO(text_release) struct text command = TEXT_EMPTY, drop = TEXT_EMPTY, request = TEXT_EMPTY;
    int crowd[CROWD];
    size_t told[CROWD] = {0};
    dul_append_command(&command, CONTEXT, &store);
    dul_append_data(&drop, CONTEXT, "ab", 2, false);
    append_request(peer, IMPLICIT, &request);
    memset(crowd, -1, sizeof crowd);
    while (goes_on(peer)) {
        for (size_t i = 0; i < CROWD && goes_on(peer); i++) {
            struct pollfd input = {.fd = crowd[i], .events = POLLIN};
            if (crowd[i] >= 0 && poll(&input, 1, 0) > 0)
                fd_close(&crowd[i]);
            if (crowd[i] < 0) {
                crowd[i] = i % 2 ? associate(peer, IMPLICIT) : call(peer);
                told[i] = 0;
                peer->tries++;
                if (crowd[i] >= 0 && i % 2)
                    (void)say(crowd[i], &command);
            } else if (i % 2) {
                (void)say(crowd[i], &drop);
            } else if (told[i] < request.length) {
                (void)send(crowd[i], request.bytes + told[i]++, 1, MSG_NOSIGNAL);
            }
        }
        (void)poll(NULL, 0, DRIP_MS);
    }
    for (size_t i = 0; i < CROWD; i++)
        fd_close(&crowd[i]);
}

/* ---- the bomber ---- */

/* Sequences in sequences, of undefined length. */
static void append_depth(struct text *out, unsigned levels)
{
    static const char sequence[] = {0x40, 0, 0x75, 0x02, '\xff', '\xff', '\xff', '\xff'};
    static const char item[] = {'\xfe', '\xff', 0, '\xe0', '\xff', '\xff', '\xff', '\xff'};
    for (unsigned i = 0; i < levels; i++) {
        text_append_bytes(out, sequence, sizeof sequence);
        text_append_bytes(out, item, sizeof item);
    }
}

static void append_width(struct text *out, unsigned items)
{
    static const char sequence[] = {0x40, 0, 0x75, 0x02, '\xff', '\xff', '\xff', '\xff'};
    static const char item[] = {'\xfe', '\xff', 0, '\xe0', 0, 0, 0, 0};
    text_append_bytes(out, sequence, sizeof sequence);
    for (unsigned i = 0; i < items; i++)
        text_append_bytes(out, item, sizeof item);
}

/* So many MiB of nothing, as deflate makes them small. */
static void append_inflating(struct text *out, unsigned megabytes)
{
    static unsigned char zeros[1 << 20], deflated[1 << 16];
    z_stream stream = {.next_in = zeros};
    if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        exit(EXIT_FAILURE);
    for (unsigned i = 0; i <= megabytes; i++) {
        stream.next_in = zeros;
        stream.avail_in = i < megabytes ? sizeof zeros : 0;
        do {
            stream.next_out = deflated;
            stream.avail_out = sizeof deflated;
            (void)deflate(&stream, i < megabytes ? Z_NO_FLUSH : Z_FINISH);
            text_append_bytes(out, deflated, sizeof deflated - stream.avail_out);
        } while (stream.avail_out == 0);
    }
    (void)deflateEnd(&stream);
}

/* A command, or what follows it, that has no end. */
static void stream_on(struct peer *peer, bool is_command)
{
    static char zeros[PIECE];
    static const struct dul_command find = {FIND, 1, CT, "", 0, true};
    const struct dul_value value = {CONTEXT, is_command, false, zeros, sizeof zeros};
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(fd_close) int client = associate(peer, IMPLICIT);
    if (client < 0)
        return;
    if (!is_command)
        dul_append_command(&said, CONTEXT, &find);
    (void)say(client, &said);
    text_clear(&said);
    dul_append_values(&said, &value, 1);
    while (goes_on(peer) && say(client, &said))
        continue;
}

static void store_bomb(struct peer *peer, unsigned kind)
{
    enum { LEVELS = 100000, ITEMS = 1000000, MEGABYTES = 256 };
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(release_instance) struct instance instance = {.uid = ""};
    begin_instance(peer, &instance);
    if (kind == 0)
        append_depth(&instance.data, LEVELS);
    else if (kind == 1)
        append_width(&instance.data, ITEMS);
    else
        append_inflating(&instance.data,
                         MEGABYTES); /* no data set at all, inflated: it is read for long all the same */
    AUTO(fd_close) int client = associate(peer, kind == 2 ? DEFLATED : IMPLICIT);
    append_store(&instance, &message);
    if (client >= 0 && say(client, &message))
        (void)dul_read(client, WAIT_MS, &message);
}

static void bomb(struct peer *peer)
{
    enum { PAUSE_MS = 500 };
    for (; goes_on(peer); peer->tries++) {
        unsigned kind = (unsigned)(peer->tries % 4);
        if (kind < 3)
            store_bomb(peer, kind);
        else
            stream_on(peer, peer->tries % 8 < 4);
        (void)poll(NULL, 0, PAUSE_MS);
    }
}

/* ---- the flooder ---- */

/* Connections without number: silent ones, such that announce much, such that ask and stay. */
static void flood(struct peer *peer)
{
    static const char announced[] = {1, 0, 0, 3, '\xff', '\xff'};
    enum { FLOOD = 200, ROUND_MS = 2 };
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int crowd[FLOOD];
    append_request(peer, IMPLICIT, &request);
    memset(crowd, -1, sizeof crowd);
    for (; goes_on(peer); peer->tries++) {
        size_t i = roll(peer, FLOOD);
        fd_close(&crowd[i]);
        crowd[i] = call(peer);
        uint64_t kind = roll(peer, 3);
        if (crowd[i] >= 0 && kind > 0)
            (void)send(crowd[i], kind == 1 ? announced : request.bytes,
                       kind == 1 ? sizeof announced : request.length, MSG_NOSIGNAL);
        if (i % 8 == 0)
            (void)poll(NULL, 0, ROUND_MS);
    }
    for (size_t i = 0; i < FLOOD; i++)
        fd_close(&crowd[i]);
}

/* ---- */

static const struct attack {
    const char *name;
    void (*run)(struct peer *peer);
} attacks[] = {{"fuzz", fuzz}, {"drip", drip}, {"bomb", bomb}, {"flood", flood}};

int main(int argc, char **argv)
{
    enum { FILES_AT = 6, ATTACK_WORDS = 8 };
    if (argc < FILES_AT + 1)
        return 2;
    struct peer peer = {
        .from = argv[2], .port = (int)strtol(argv[3], NULL, 10), .called = argv[4], .calling = argv[5]};
    if (strcmp(argv[1], "store") == 0)
        return store_files(&peer, argv + FILES_AT);
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks && argc == ATTACK_WORDS; i++) {
        if (strcmp(argv[1], attacks[i].name) != 0)
            continue;
        peer.end_ms = clock_monotonic_ms() + 1000 * strtoll(argv[6], NULL, 10);
        peer.state = strtoull(argv[7], NULL, 10);
        attacks[i].run(&peer);
        (void)printf("%lu tries\n", peer.tries);
        return EXIT_SUCCESS;
    }
    return 2;
}
