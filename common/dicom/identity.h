/* identity - which instance a data set is, seen while its bytes stream by.
 *
 * Follows the elements in front of a data set, in any transfer syntax, as far as (0020,000E), and keeps the values of
 * its SOP Class, SOP Instance, Study Instance and Series Instance UIDs; values between them are passed over, nested
 * ones too, whatever their length. Of a deflated data set a bounded part is inflated. Where it cannot follow it gives up, and
 * knows nothing: it never guesses. The bytes are not kept, nothing is decoded, and memory is fixed. */
#ifndef FELUCCA_DICOM_IDENTITY_H
#define FELUCCA_DICOM_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>

enum { IDENTITY_UID_SIZE = 65 };

struct identity;

struct identity *identity_create(void);
void identity_destroy(struct identity **identity);

/* A data set in this transfer syntax begins. */
void identity_begin(struct identity *identity, const char *transfer_syntax);
/* Its next bytes; true once there is nothing more to learn. */
bool identity_feed(struct identity *identity, const void *bytes, size_t length);

/* Without padding; "" while it is not known. Borrowed until identity_begin(). */
const char *identity_sop_class(const struct identity *identity);
const char *identity_sop_instance(const struct identity *identity);
const char *identity_study(const struct identity *identity);
const char *identity_series(const struct identity *identity);

#endif
