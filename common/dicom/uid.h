/* uid - what can be said about the text of a DICOM UID. */
#ifndef FELUCCA_DICOM_UID_H
#define FELUCCA_DICOM_UID_H

#include <stdbool.h>

/* 1 to 64 digits and dots: fit for a URL. DICOM files in the wild break finer rules. */
bool uid_is_plain(const char *uid);

/* Whether KHEOPS's library takes it as an object identifier. Narrower than DICOM: at least two arcs, the
 * first 0 to 2, the second below 40 after 0 and 1 (so 1.40.x, 1.999.x and 3.x are none), no arc with a
 * leading zero. */
bool uid_is_oid(const char *uid);

#endif
