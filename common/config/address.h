/* address - where the requests of a destination or an album go, as digits by which two configurations are compared.
 *
 * A URL may hold what nobody should read in a database or a message. How it is reached (proxy, certificates) is no part of
 * it: that may differ from host to host. */
#ifndef FELUCCA_CONFIG_ADDRESS_H
#define FELUCCA_CONFIG_ADDRESS_H

#include "common/config/config.h"

enum { ADDRESS_SIZE = 17 }; /* with its NUL */

/* Of its stow_url and its api_url. */
void address_of_destination(const struct config_destination *destination, char ret_address[ADDRESS_SIZE]);
/* Of its api_url. */
void address_of_album(const struct config_album *album, char ret_address[ADDRESS_SIZE]);

#endif
