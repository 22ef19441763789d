/* dictionary - DICOM's data dictionary as DCMTK ships it, in plain C.
 *
 * dictionary_load() once per process, before any fork or thread. */
#ifndef FELUCCA_DICOM_DICTIONARY_H
#define FELUCCA_DICOM_DICTIONARY_H

#include "common/condition/condition.h"

/* 0, or ERR_ABSENT when DCMTK found no dictionary (DCMDICTPATH names it; package dcmtk or libdcmtk has it).
 */
int dictionary_load(void);

/* The dictionary as conditions see it: keywords with retired ones, never an odd group. Borrowed for ever. */
const struct condition_dictionary *dictionary_for_conditions(void);

#endif
