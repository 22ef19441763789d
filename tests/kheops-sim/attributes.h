/* attributes - what KHEOPS compares before it takes another instance of a study or series, and how much of it
 * its database bears.
 *
 * An attribute of the study differs when both sides have a value and the values differ, or when KHEOPS has none
 * and the instance has one; the Study ID, and the attributes of the series, must be equal, none included. */
#ifndef FELUCCA_SIM_ATTRIBUTES_H
#define FELUCCA_SIM_ATTRIBUTES_H

enum attribute_rule {
    ATTRIBUTE_LOOSE, /* none in the instance is fine */
    ATTRIBUTE_NAME,  /* the same, for the name of a person: trailing carets are ignored */
    ATTRIBUTE_EQUAL,
    ATTRIBUTE_NUMBER /* equal as a number, none is 0 */
};

#define ATTRIBUTE_MAP(X) /* name, tag, of the series, rule, most characters (0: any) */ \
    X(STUDY_DATE, 0x00080020, 0, LOOSE, 255)                                            \
    X(STUDY_TIME, 0x00080030, 0, LOOSE, 255)                                            \
    X(ACCESSION_NUMBER, 0x00080050, 0, LOOSE, 255)                                      \
    X(MODALITY, 0x00080060, 1, EQUAL, 255)                                              \
    X(REFERRING_PHYSICIAN, 0x00080090, 0, NAME, 4095)                                   \
    X(TIME_ZONE, 0x00080201, 0, LOOSE, 255)                                             \
    X(SERIES_TIME_ZONE, 0x00080201, 1, EQUAL, 255)                                      \
    X(STUDY_DESCRIPTION, 0x00081030, 0, LOOSE, 155)                                     \
    X(SERIES_DESCRIPTION, 0x0008103E, 1, EQUAL, 255)                                    \
    X(PATIENT_NAME, 0x00100010, 0, NAME, 4095)                                          \
    X(PATIENT_ID, 0x00100020, 0, LOOSE, 255)                                            \
    X(BIRTH_DATE, 0x00100030, 0, LOOSE, 255)                                            \
    X(SEX, 0x00100040, 0, LOOSE, 255)                                                   \
    X(BODY_PART, 0x00180015, 1, EQUAL, 32)                                              \
    X(STUDY_ID, 0x00200010, 0, EQUAL, 255)                                              \
    X(SERIES_NUMBER, 0x00200011, 1, NUMBER, 0)

enum attribute {
#define X(name, tag, of_series, rule, most) ATTRIBUTE_##name,
    ATTRIBUTE_MAP(X)
#undef X
        ATTRIBUTES
};

#endif
