/* dictionary - the attributes of DICOM: the standard's (PS3.6) and those of vendors, as tables of the program.
 *
 * Read-only, needs nothing to be loaded, and may be asked from any thread. The tables (standard.inc and
 * private.inc) are made by tools/make-dictionary.py; dictionary_edition() names the edition of the standard. */
#ifndef FELUCCA_DICOM_DICTIONARY_H
#define FELUCCA_DICOM_DICTIONARY_H

#include "common/condition/condition.h"

/* The dictionary as conditions see it: keywords with retired ones, never an odd group. Borrowed for ever. */
const struct condition_dictionary *dictionary_for_conditions(void);

/* The value representation of a standard attribute, of repeating groups too, as two letters, borrowed for
 * ever; NULL when the standard has no such attribute. "XS" means US or SS, as Pixel Representation
 * (0028,0103) tells. */
const char *dictionary_vr(uint32_t tag);

/* ... of a private attribute: creator is the text of the element that reserves its block (PS3.5 section 7.8),
 * without blanks around it. The block's number in tag does not matter. */
const char *dictionary_private_vr(const char *creator, size_t length, uint32_t tag);

/* "2024c". */
const char *dictionary_edition(void);

#endif
