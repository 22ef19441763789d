/* network - the addresses that a source's host means, and whom they admit. */
#ifndef FELUCCA_CONFIG_NETWORK_H
#define FELUCCA_CONFIG_NETWORK_H

#include "common/base/text.h"
#include "common/config/config.h"

/* Fills a source's networks when its host is an IP address or a CIDR. A name has none
 * (names.h). 0, or ERR_SYNTAX when it can be neither, with what is wrong appended to reason. */
int config_network_parse(struct config_source *source, struct text *reason);

/* One more of a source's networks. */
void config_network_add(struct config_source *source, const unsigned char *address, int prefix_bits);

/* Checks one of receiver.proxies: an IP address or a CIDR. As above. */
int config_network_check(const char *text, struct text *reason);

/* Whether receiver.proxies names the address (16 bytes, IPv4 mapped): it has to say whom it speaks for. */
bool config_is_proxy(const struct config *config, const unsigned char *address);

/* Whether console.trusted_proxy.addresses names it. */
bool config_is_trusted_proxy(const struct config *config, const unsigned char *address);

/* Checks a numeric address to listen on. 0, or ERR_SYNTAX with what is wrong appended to reason. */
int config_network_check_bind(const char *text, struct text *reason);

#endif
