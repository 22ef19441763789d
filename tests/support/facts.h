/* facts - an instance for tests of conditions, written as a short text.
 *
 *     "0008,0060=CT;StudyDescription=Thorax;0040,0275/0040,0007=one;0040,0275/0040,0007=two;callingAET=CT01"
 *
 * Each part is an attribute (tag, path of tags, DICOM keyword or fact of the transfer) and its value; a value
 * may hold \n, \; and \\ (a backslash that separates values is written \\). Several parts with one path are
 * the values of several items. "7FE0,0010!" is an attribute that is there without a text, "Modality?"
 * one that was not found and may be there all the same, as in a file that is cut. The same text can
 * be evaluated as it is, without any file, or be written to a DICOM file. */
#ifndef FELUCCA_TESTS_FACTS_H
#define FELUCCA_TESTS_FACTS_H

#include "common/condition/condition.h"

struct facts;

/* Aborts when the text is wrong. dictionary gives the keywords. */
struct facts *facts_create(const char *text, const struct condition_dictionary *dictionary);
void facts_destroy(struct facts **facts);

/* Borrowed from facts. */
const struct condition_facts *facts_of(const struct facts *facts);

/* Writes a DICOM file with these attributes, all as LO (long ones as UT), and callingAET, calledAET and
 * transferSyntax in its file meta header. False when it cannot be written, or when they hold something that
 * no file can: sourceAddress, or an attribute without a text or unknown. */
bool facts_write_dicom(const struct facts *facts, const char *path);

#endif
