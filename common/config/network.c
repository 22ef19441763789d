#include "common/config/network.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/memory.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

/* A name service that does not answer delays a start by about so long at most, however many names there are. */
enum { LOOKUPS_MOST_MS = 10000, NAME_MOST = 253 };

static bool parse_address(const char *text, unsigned char *ret_address, int *ret_bits)
{
    struct in_addr four;
    if (inet_pton(AF_INET, text, &four) == 1) {
        memset(ret_address, 0, 10);
        memset(ret_address + 10, 0xFF, 2);
        memcpy(ret_address + 12, &four, 4);
        *ret_bits = 32;
        return true;
    }
    *ret_bits = 128;
    return inet_pton(AF_INET6, text, ret_address) == 1;
}

static void add_network(struct config_source *source, const unsigned char *address, int prefix_bits)
{
    size_t capacity = source->network_count;
    source->networks =
        memory_grow(source->networks, &capacity, source->network_count + 1, sizeof *source->networks);
    struct config_network *network = &source->networks[source->network_count++];
    memcpy(network->address, address, sizeof network->address);
    network->prefix_bits = prefix_bits;
}

static bool is_name(const char *text)
{
    bool has_letter = false;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        has_letter = has_letter || isalpha(*c);
        if (!isalnum(*c) && !strchr(".-_", *c))
            return false;
    }
    return has_letter && strlen(text) <= NAME_MOST && *text != '.' && *text != '-';
}

static int parse_prefix(const char *text, int most, int *ret_prefix, struct text *reason)
{
    char *end = NULL;
    long prefix = isdigit((unsigned char)*text) ? strtol(text, &end, 10) : -1;
    if (prefix < 0 || *end || prefix > most) {
        text_format(reason, "has no valid prefix length behind the slash; it goes from 0 to %d", most);
        return ERR_SYNTAX;
    }
    *ret_prefix = (int)prefix;
    return 0;
}

int config_network_parse(struct config_source *source, struct text *reason)
{
    unsigned char address[16];
    int bits, prefix;
    const char *slash = strchr(source->host, '/');
    if (!slash && is_name(source->host) && !parse_address(source->host, address, &bits))
        return 0;
    AUTO(memory_free)
    char *literal =
        memory_string_n(source->host, slash ? (size_t)(slash - source->host) : strlen(source->host));
    if (!parse_address(literal, address, &bits)) {
        text_append(reason, "is neither an IP address nor a network nor a host name; write 10.1.2.3, "
                            "10.1.2.0/24 or ct01.example.org");
        return ERR_SYNTAX;
    }
    prefix = bits;
    int code = slash ? parse_prefix(slash + 1, bits, &prefix, reason) : 0;
    if (code == 0)
        add_network(source, address, prefix + 128 - bits);
    return code;
}

int config_network_check_bind(const char *text, struct text *reason)
{
    unsigned char address[16];
    int bits;
    if (parse_address(text, address, &bits))
        return 0;
    text_append(reason, "is not an IP address; write one of this machine's, or 0.0.0.0 or :: for all");
    return ERR_SYNTAX;
}

/* ---- names ---- */

static void free_addresses(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
    *list = NULL;
}

static void take_address(struct config_source *source, const struct addrinfo *info)
{
    unsigned char address[16] = {[10] = 0xFF, [11] = 0xFF};
    if (info->ai_family == AF_INET)
        memcpy(address + 12, &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr, 4);
    else if (info->ai_family == AF_INET6)
        memcpy(address, &((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr, 16);
    else
        return;
    add_network(source, address, 128);
}

static void resolve(const struct config *config, const struct config_node *node, struct config_source *source,
                    int64_t deadline_ms, struct text *warnings)
{
    AUTO(free_addresses) struct addrinfo *list = NULL;
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    const char *why = "the name service takes too long";
    if (clock_monotonic_ms() < deadline_ms) {
        int code = getaddrinfo(source->host, NULL, &wanted, &list);
        why = code == 0 ? NULL : gai_strerror(code);
    }
    for (const struct addrinfo *info = list; info; info = info->ai_next)
        take_address(source, info);
    if (source->network_count == 0)
        text_format(warnings,
                    "%s: node \"%s\": source \"%s\": host %s has no address (%s), so this source is refused "
                    "until the configuration is read again\n",
                    config->path, node->aet, source->aet, source->host, why ? why : "none found");
}

void config_resolve_names(struct config *config, struct text *warnings)
{
    int64_t deadline_ms = clock_monotonic_ms() + LOOKUPS_MOST_MS;
    for (size_t n = 0; n < config->node_count; n++)
        for (size_t s = 0; s < config->nodes[n].source_count; s++) {
            struct config_source *source = &config->nodes[n].sources[s];
            if (source->host && source->network_count == 0)
                resolve(config, &config->nodes[n], source, deadline_ms, warnings);
        }
}

static bool network_holds(const struct config_network *network, const unsigned char *address)
{
    int whole = network->prefix_bits / 8, rest = network->prefix_bits % 8;
    if (memcmp(network->address, address, (size_t)whole) != 0)
        return false;
    unsigned char mask = (unsigned char)(0xFF << (8 - rest));
    return rest == 0 || (network->address[whole] & mask) == (address[whole] & mask);
}

static bool source_admits(const struct config_source *source, const unsigned char *address)
{
    if (!source->host)
        return true;
    for (size_t i = 0; i < source->network_count; i++)
        if (network_holds(&source->networks[i], address))
            return true;
    return false;
}

enum config_admission config_node_admits(const struct config_node *node, const char *calling_aet,
                                         const unsigned char *address)
{
    enum config_admission admission = node->source_count == 0 ? CONFIG_ADMITS : CONFIG_TITLE_UNKNOWN;
    for (size_t i = 0; i < node->source_count; i++) {
        const struct config_source *source = &node->sources[i];
        if (strcmp(source->aet, calling_aet) != 0)
            continue;
        if (source_admits(source, address))
            return CONFIG_ADMITS;
        if (source->network_count == 0)
            admission = CONFIG_NAME_UNRESOLVED;
        else if (admission == CONFIG_TITLE_UNKNOWN)
            admission = CONFIG_ADDRESS_UNKNOWN;
    }
    return admission;
}

bool config_admits_address(const struct config *config, const unsigned char *address)
{
    for (size_t n = 0; n < config->node_count; n++) {
        const struct config_node *node = &config->nodes[n];
        if (node->source_count == 0)
            return true;
        for (size_t s = 0; s < node->source_count; s++)
            if (node->sources[s].network_count == 0 || source_admits(&node->sources[s], address))
                return true;
    }
    return config->node_count == 0;
}
