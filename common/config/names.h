/* names - the addresses of hosts that sources give as names. Inside the configuration reader only; what others use is
 * in config.h.
 *
 * One process asks the name service, others read what it learned, from memory that they share. A reader never waits
 * and never sees half of an answer. */
#ifndef FELUCCA_CONFIG_NAMES_H
#define FELUCCA_CONFIG_NAMES_H

#include "common/config/config.h"

/* Whether any address is known, and whether this one (16 bytes, IPv4 mapped) is among them. */
bool config_addresses_known(const struct config_addresses *addresses);
bool config_addresses_hold(const struct config_addresses *addresses, const unsigned char *address);

/* What config_share_names() has made. */
void config_names_release(struct config *config);

#endif
