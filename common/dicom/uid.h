/* uid - what can be said about the text of a DICOM UID. */
#ifndef FELUCCA_DICOM_UID_H
#define FELUCCA_DICOM_UID_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 1 to 64 digits and dots: fit for a URL. DICOM files in the wild break finer rules. */
bool uid_is_plain(const char *uid);

/* 1 to 64 printable characters of ASCII, no blank at either end, no backslash, which separates values: what a plain
 * server is given, since research tools make UIDs of hashes and uuids. */
bool uid_is_printable(const char *uid);

/* Whether KHEOPS takes it as the UID of a study or a series; it never looks at that of an instance. Its rule is
 * that of the Java class org.ietf.jgss.Oid, and 255 characters fit into its database: two arcs or more, none of
 * them empty, digits only; the first arc is 0, 1 or 2, the second below 40 after 0 and 1 (so 1.40.x, 1.999.x
 * and 3.x are none). Leading zeros are fine, and so is any length of an arc: it is their value that counts.
 * tests/unit/test_uid.c is the table of examples. */
bool uid_is_oid(const char *uid);

#ifdef __cplusplus
}
#endif

#endif
