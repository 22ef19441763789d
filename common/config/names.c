#include "common/config/names.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/config/network.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum {
    LOOKUPS_MOST_MS = 10000, /* a check takes at most about so long, however many names there are */
    ADDRESSES_MOST = 16,     /* of one name; further ones are passed over */
    READS_MOST = 100         /* of an answer that is being written all the while */
};

/* An address as two numbers, which are read and written whole. */
struct config_addresses {
    atomic_uint version; /* odd: it is being written */
    atomic_uint count;
    _Atomic uint64_t halves[ADDRESSES_MOST][2];
};

/* A copy that belongs to nobody else. */
struct answer {
    unsigned count;
    uint64_t halves[ADDRESSES_MOST][2];
};

/* ---- the shared memory ---- */

static bool read_answer(const struct config_addresses *addresses, struct answer *ret_answer)
{
    for (int i = 0; i < READS_MOST; i++) {
        unsigned version = atomic_load(&addresses->version);
        unsigned count = atomic_load(&addresses->count);
        ret_answer->count = count < ADDRESSES_MOST ? count : ADDRESSES_MOST; /* others may write there, too */
        for (unsigned k = 0; k < ret_answer->count; k++)
            for (int half = 0; half < 2; half++)
                ret_answer->halves[k][half] = atomic_load(&addresses->halves[k][half]);
        if (version % 2 == 0 && atomic_load(&addresses->version) == version)
            return true;
    }
    ret_answer->count = 0; /* whoever wrote it died while it did */
    return false;
}

static void write_answer(struct config_addresses *addresses, const struct answer *answer)
{
    unsigned version = atomic_load(&addresses->version) | 1;
    atomic_store(&addresses->version, version);
    for (unsigned k = 0; k < answer->count; k++)
        for (int half = 0; half < 2; half++)
            atomic_store(&addresses->halves[k][half], answer->halves[k][half]);
    atomic_store(&addresses->count, answer->count);
    atomic_store(&addresses->version, version + 1);
}

bool config_addresses_known(const struct config_addresses *addresses)
{
    struct answer answer;
    (void)read_answer(addresses, &answer);
    return answer.count > 0;
}

bool config_addresses_hold(const struct config_addresses *addresses, const unsigned char *address)
{
    struct answer answer;
    (void)read_answer(addresses, &answer);
    for (unsigned i = 0; i < answer.count; i++)
        if (memcmp(answer.halves[i], address, sizeof answer.halves[i]) == 0)
            return true;
    return false;
}

static bool is_named(const struct config_source *source)
{
    return source->host && source->network_count == 0;
}

/* Calls each(context, source) for every source whose host is a name. */
static size_t each_named(const struct config *config,
                         void (*each)(void *context, struct config_source *source), void *context)
{
    size_t count = 0;
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t s = 0; s < config->nodes[n].source_count; s++) {
            struct config_source *source = &config->nodes[n].sources[s];
            if (!is_named(source))
                continue;
            if (each)
                each(context, source);
            count++;
        }
    return count;
}

static void give_place(void *context, struct config_source *source)
{
    struct config_addresses **next = context;
    source->resolved = (*next)++;
}

static void inherit(void *context, struct config_source *source)
{
    const struct config *old = context;
    for (size_t n = 0; n < old->node_count; n++)
        for (size_t s = 0; s < old->nodes[n].source_count; s++) {
            const struct config_source *other = &old->nodes[n].sources[s];
            struct answer answer;
            if (other->resolved && strcmp(other->host, source->host) == 0 &&
                read_answer(other->resolved, &answer))
                write_answer(source->resolved, &answer);
        }
}

size_t config_share_names(struct config *config, const struct config *old)
{
    size_t count = each_named(config, NULL, NULL);
    if (count == 0 || config->shared_names)
        return count;
    void *shared = mmap(NULL, count * sizeof(struct config_addresses), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return count; /* they stay unresolved */
    config->shared_names = shared;
    config->shared_name_count = count;
    struct config_addresses *next = shared;
    (void)each_named(config, give_place, &next);
    if (old)
        (void)each_named(config, inherit, (void *)(uintptr_t)old);
    return count;
}

/* What is in the shared memory now, one after the other. */
static struct answer *copy_answers(const struct config *config)
{
    struct answer *answers = memory_new(config->shared_name_count, sizeof *answers);
    for (size_t i = 0; i < config->shared_name_count; i++)
        (void)read_answer(&config->shared_names[i], &answers[i]);
    return answers;
}

void config_keep_names(const struct config *config)
{
    size_t size = config->shared_name_count * sizeof(struct config_addresses);
    if (!config->shared_names)
        return;
    AUTO(memory_free) struct answer *answers = copy_answers(config);
    void *own = mmap(config->shared_names, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (own == MAP_FAILED)
        abort(); /* nothing may be there now, and with what is there nothing can be trusted */
    for (size_t i = 0; i < config->shared_name_count; i++)
        write_answer(&config->shared_names[i], &answers[i]);
    (void)mprotect(own, size, PROT_READ);
}

void config_names_release(struct config *config)
{
    if (config->shared_names)
        (void)munmap(config->shared_names, config->shared_name_count * sizeof(struct config_addresses));
    config->shared_names = NULL;
}

/* ---- the name service ---- */

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
    *list = NULL;
}

static void take_address(struct answer *answer, const struct addrinfo *info)
{
    unsigned char address[16] = {[10] = 0xFF, [11] = 0xFF};
    if (info->ai_family == AF_INET)
        memcpy(address + 12, &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr, 4);
    else if (info->ai_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr, 16);
    else
        return;
    if (answer->count < ADDRESSES_MOST)
        memcpy(answer->halves[answer->count++], address, sizeof address);
}

/* NULL, or why there is no address. */
static const char *ask(const char *host, struct answer *ret_answer)
{
    AUTO(free_addresses) struct addrinfo *list = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    *ret_answer = (struct answer){.count = 0};
    int code = getaddrinfo(host, NULL, &wanted, &list);
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        take_address(ret_answer, info);
    if (code != 0)
        return gai_strerror(code);
    return ret_answer->count == 0 ? "none found" : NULL;
}

static void check_name(const struct config *config, const struct config_node *node,
                       struct config_source *source, int64_t deadline_ms, struct text *warnings)
{
    struct answer answer = {.count = 0};
    const char *why =
        clock_monotonic_ms() < deadline_ms ? ask(source->host, &answer) : "the name service takes too long";
    for (unsigned i = 0; i < answer.count; i++)
        config_network_add(source, (const unsigned char *)answer.halves[i], 128);
    if (why)
        text_format(warnings,
                    "%s: node \"%s\": source \"%s\": host %s has no address (%s), so this source is rejected "
                    "until it has one\n",
                    config->path, node->aet, source->aet, source->host, why);
}

void config_resolve_names(struct config *config, struct text *warnings)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOOKUPS_MOST_MS;
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t s = 0; s < config->nodes[n].source_count; s++) {
            struct config_source *source = &config->nodes[n].sources[s];
            if (is_named(source))
                check_name(config, &config->nodes[n], source, deadline_ms, warnings);
        }
}

struct refresh {
    void (*learned)(const struct config_source *source, size_t addresses);
    size_t unresolved;
};

static void refresh_name(void *context, struct config_source *source)
{
    struct refresh *refresh = context;
    struct answer old = {.count = 0}, new;
    (void)read_answer(source->resolved, &old);
    if (ask(source->host, &new)) {
        refresh->unresolved += old.count == 0;
        return;
    }
    if (old.count == new.count && memcmp(old.halves, new.halves, new.count * sizeof *new.halves) == 0)
        return;
    write_answer(source->resolved, &new);
    refresh->learned(source, new.count);
}

size_t config_refresh_names(const struct config *config,
                            void (*learned)(const struct config_source *source, size_t addresses))
{
    struct refresh refresh = {learned, 0};
    if (config->shared_names)
        (void)each_named(config, refresh_name, &refresh);
    return refresh.unresolved;
}
