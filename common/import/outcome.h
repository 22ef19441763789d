/* outcome - what becomes of one file that `felucca import`, or a tray, looks at. */
#ifndef FELUCCA_IMPORT_OUTCOME_H
#define FELUCCA_IMPORT_OUTCOME_H

enum outcome_kind {
    OUTCOME_GOOD,   /* as it should be */
    OUTCOME_ASIDE,  /* nothing that anybody wanted imported: passed over */
    OUTCOME_TROUBLE /* it was wanted, and is not in: a person must look */
};

/* clang-format off */
#define OUTCOME_MAP(X) /* name, kind, name for programs, what is said of a number of them */ \
    X(IMPORTED, GOOD, "imported", "imported") \
    X(WOULD_BE, GOOD, "would_be_imported", "would be imported") \
    X(KNOWN, GOOD, "imported_before", "imported before, and not sent again (--again sends them)") \
    X(DIRECTORY, ASIDE, "dicomdir", "DICOMDIR, whose files are looked at one by one") \
    X(NO_DICOM, ASIDE, "no_dicom", "no DICOM file (PS3.10)") \
    X(SPECIAL, ASIDE, "no_file", "no regular file") \
    X(BARE, TROUBLE, "without_meta_header", \
      "without a file meta header that names a transfer syntax (PS3.10 section 7.1); `dcmconv` writes one") \
    X(NAMELESS, TROUBLE, "without_uids", "without a SOP Class or SOP Instance UID that can be read") \
    X(MISMATCH, TROUBLE, "mismatched_uids", \
      "with other UIDs in the meta header than in the data set (mismatched_uids: accept takes them)") \
    X(UNFIT, TROUBLE, "unfit_uids", \
      "with a study or series UID that no destination of the node can take") \
    X(UNREADABLE, TROUBLE, "unreadable", "not to be read") \
    X(CHANGED, TROUBLE, "changed", "changed while it was read") \
    X(CUT, TROUBLE, "cut", "cut off: its data set ends in the middle of an element") \
    X(MISSING, TROUBLE, "missing", "listed by a DICOMDIR, and not there") \
    X(DAMAGED, TROUBLE, "damaged_archive", "an archive that is damaged, or asks for a password") \
    X(SWOLLEN, TROUBLE, "swollen_archive", \
      "an archive with more in it than anybody packs: unpack it yourself, and import the folder") \
    X(DEEP, TROUBLE, "deep_archive", "an archive inside three others: unpack it, and import the folder") \
    X(REFUSED, TROUBLE, "refused", \
      "refused, as this source fills the quarantine beyond its share (`felucca quarantine`)") \
    X(NO_ROOM, TROUBLE, "no_room", \
      "not written: the disk of the spool has no room for it, though it says so: a quota, or a limit for files") \
    X(DISK, TROUBLE, "disk", "not written: the disk of the spool failed")
/* clang-format on */

enum outcome {
#define X(name, kind, word, sentence) OUTCOME_##name,
    OUTCOME_MAP(X)
#undef X
        OUTCOMES
};

/* Of OUTCOMES: undefined. Borrowed for ever. */
enum outcome_kind outcome_kind(enum outcome outcome);
const char *outcome_word(enum outcome outcome);
const char *outcome_sentence(enum outcome outcome);

#endif
