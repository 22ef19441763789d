/* scu - a storage SCU that says a priority, which none of DCMTK's tools does.
 *
 * One association, one presentation context: CT Image Storage in explicit VR little endian, as
 * dicom_spec_init() makes instances. */
#ifndef FELUCCA_TESTS_SCU_H
#define FELUCCA_TESTS_SCU_H

#include <stddef.h>
#include <stdint.h>

enum scu_priority { SCU_MEDIUM, SCU_HIGH, SCU_LOW }; /* as (0000,0700) has them */

/* Sends S1-I1.dcm, … of a folder that dicom_write_study() wrote with this seed and one series. Ends the test
 * when one is not answered with Success. */
void scu_send(int port, const char *called_aet, const char *folder, uint64_t seed, unsigned instances,
              enum scu_priority priority);

#endif
