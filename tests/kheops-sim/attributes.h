/* attributes - what KHEOPS compares before it takes another instance of a study or series.
 *
 * An attribute of the study is fine when either side has no value, but for the Study ID; those of the series
 * must be equal. */
#ifndef FELUCCA_SIM_ATTRIBUTES_H
#define FELUCCA_SIM_ATTRIBUTES_H

#define ATTRIBUTE_MAP(X) /* name, tag, of the series, exact */ \
    X(STUDY_DATE, 0x00080020, 0, 0)                            \
    X(STUDY_TIME, 0x00080030, 0, 0)                            \
    X(ACCESSION_NUMBER, 0x00080050, 0, 0)                      \
    X(MODALITY, 0x00080060, 1, 1)                              \
    X(REFERRING_PHYSICIAN, 0x00080090, 0, 0)                   \
    X(TIME_ZONE, 0x00080201, 0, 0)                             \
    X(STUDY_DESCRIPTION, 0x00081030, 0, 0)                     \
    X(SERIES_DESCRIPTION, 0x0008103E, 1, 1)                    \
    X(PATIENT_NAME, 0x00100010, 0, 0)                          \
    X(PATIENT_ID, 0x00100020, 0, 0)                            \
    X(BIRTH_DATE, 0x00100030, 0, 0)                            \
    X(SEX, 0x00100040, 0, 0)                                   \
    X(BODY_PART, 0x00180015, 1, 1)                             \
    X(STUDY_ID, 0x00200010, 0, 1)                              \
    X(SERIES_NUMBER, 0x00200011, 1, 1)

enum attribute {
#define X(name, tag, of_series, exact) ATTRIBUTE_##name,
    ATTRIBUTE_MAP(X)
#undef X
        ATTRIBUTES
};

#endif
