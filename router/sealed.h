/* sealed - bytes as a file in memory that nobody can change, for a process that gets its descriptor. */
#ifndef FELUCCA_ROUTER_SEALED_H
#define FELUCCA_ROUTER_SEALED_H

#include <stdbool.h>
#include <stddef.h>

/* The descriptor is then yours. False: there is no memory for it now. */
bool sealed_create(const char *name, const void *bytes, size_t length, int *ret_fd);

#endif
