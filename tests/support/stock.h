/* stock - instances that are in a spool as if they had been received, and works that send them. */
#ifndef FELUCCA_TESTS_STOCK_H
#define FELUCCA_TESTS_STOCK_H

#include "common/spool/spool.h"
#include "common/wire/work.h"
#include "tests/support/dicom.h"

/* Writes the instance of spec into queue/; what a WORK says of it is in *ret_item, its id is left alone. */
void stock_put(struct spool *spool, const struct dicom_spec *spec, struct work_item *ret_item);

/* Writes the instance into a folder as a receiver leaves it there, with a few KB of pixels, called by this AE
 * title; its path is then yours. Called NOBODY it was received an hour ago: the router waits some minutes for a node. */
char *stock_receive(const char *folder, const struct dicom_spec *spec, const char *called_aet);

/* The path of its file; is then yours. */
char *stock_path(struct spool *spool, const struct work_item *item);

/* A work for count new instances of one study to a destination: instance i is of series i modulo
 * series_count, of about bytes bytes each. The UIDs come from seed. Is then yours. */
struct work *stock_work(struct spool *spool, const char *destination, uint64_t seed, size_t count,
                        size_t series_count, uint64_t bytes);

#endif
