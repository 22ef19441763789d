/* pdus - a stream of the DICOM upper layer, changed as somebody would who knows what is in it.
 *
 * Bytes that are changed anywhere give streams whose first length is wrong, and nothing behind it is ever looked
 * at. So most changes are of a whole PDU, of one presentation data value in it, of an element of a command, or of
 * an item of a request, and the lengths around it are put right; a few are of any byte. */
#ifndef FELUCCA_FUZZ_PDUS_H
#define FELUCCA_FUZZ_PDUS_H

#include <stddef.h>
#include <stdint.h>

/* Changes the stream of length bytes in place, to at most most bytes. Returns how many it has then. */
size_t pdus_mutate(uint8_t *bytes, size_t length, size_t most, unsigned seed);

#endif
