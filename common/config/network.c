#include "common/config/network.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/config/certificate_name.h"
#include "common/config/names.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 253 };

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

void config_network_add(struct config_source *source, const unsigned char *address, int prefix_bits)
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

static int parse_network(const char *text, struct config_network *ret_network, struct text *reason)
{
    int bits, prefix;
    const char *slash = strchr(text, '/');
    AUTO(memory_free)
    char *literal = memory_string_n(text, slash ? (size_t)(slash - text) : strlen(text));
    if (!parse_address(literal, ret_network->address, &bits))
        return ERR_ABSENT;
    prefix = bits;
    int code = slash ? parse_prefix(slash + 1, bits, &prefix, reason) : 0;
    ret_network->prefix_bits = prefix + 128 - bits;
    return code;
}

int config_network_parse(struct config_source *source, struct text *reason)
{
    struct config_network network;
    int code = parse_network(source->host, &network, reason);
    if (code == 0)
        config_network_add(source, network.address, network.prefix_bits);
    if (code != ERR_ABSENT || (!strchr(source->host, '/') && is_name(source->host)))
        return code == ERR_ABSENT ? 0 : code;
    text_append(reason, "is neither an IP address nor a network nor a host name; write 10.1.2.3, "
                        "10.1.2.0/24 or ct01.example.org");
    return ERR_SYNTAX;
}

int config_network_check(const char *text, struct text *reason)
{
    struct config_network network;
    int code = parse_network(text, &network, reason);
    if (code != ERR_ABSENT)
        return code;
    text_append(reason, "is neither an IP address nor a network; write 10.1.2.3 or 10.1.2.0/24");
    return ERR_SYNTAX;
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

/* ---- who is admitted ---- */

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
    return source->resolved && config_addresses_hold(source->resolved, address);
}

/* No address of its host is known yet. */
static bool source_is_unresolved(const struct config_source *source)
{
    return source->host && source->network_count == 0 &&
           !(source->resolved && config_addresses_known(source->resolved));
}

const struct config_source *config_node_source(const struct config_node *node, const char *calling_aet,
                                               const unsigned char *address,
                                               const struct certificate_name *shown)
{
    const struct config_source *first = NULL;
    for (size_t i = 0; i < node->source_count; i++) {
        const struct config_source *source = &node->sources[i];
        if (strcmp(source->aet, calling_aet) != 0 || !source_admits(source, address))
            continue;
        if (!source->certificate || (shown && certificate_name_fits(source->certificate, shown)))
            return source;
        first = first ? first : source;
    }
    return first;
}

enum config_admission config_node_admits(const struct config_node *node, const char *calling_aet,
                                         const unsigned char *address)
{
    enum config_admission admission = CONFIG_TITLE_UNKNOWN;
    if (node->source_count == 0 || config_node_source(node, calling_aet, address, NULL))
        return CONFIG_ADMITS;
    for (size_t i = 0; i < node->source_count; i++) {
        const struct config_source *source = &node->sources[i];
        if (strcmp(source->aet, calling_aet) != 0)
            continue;
        if (source_is_unresolved(source))
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
            if (source_is_unresolved(&node->sources[s]) || source_admits(&node->sources[s], address))
                return true;
    }
    return config->node_count == 0;
}

static bool is_among(char *const *networks, size_t count, const unsigned char *address)
{
    for (size_t i = 0; i < count; i++) {
        AUTO(text_release) struct text reason = TEXT_EMPTY;
        struct config_network network;
        if (parse_network(networks[i], &network, &reason) == 0 && network_holds(&network, address))
            return true;
    }
    return false;
}

bool config_is_proxy(const struct config *config, const unsigned char *address)
{
    return is_among(config->receiver.proxies, config->receiver.proxy_count, address);
}

bool config_is_trusted_proxy(const struct config *config, const unsigned char *address)
{
    const struct config_trusted_proxy *proxy = &config->console.trusted_proxy;
    return is_among(proxy->addresses, proxy->address_count, address);
}
