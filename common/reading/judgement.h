/* judgement - what the conditions of a trial are for one header, as a felucca-header says it.
 *
 * The bytes come from a process that the header, or an expression, may have taken over: whatever they are, a judgement is
 * well-formed, or there is none. A value that is hidden has no text; it is hidden where tellable.h does not let it be told. */
#ifndef FELUCCA_READING_JUDGEMENT_H
#define FELUCCA_READING_JUDGEMENT_H

#include "common/condition/explain.h"
#include "common/dicom/header.h"
#include "common/reading/trial.h"

enum { JUDGEMENT_MAX = 8 << 20 /* bytes */, JUDGEMENT_LINES_MAX = 20000 /* of one condition */ };

/* Reads the header of an open file, which is closed, and appends what it is. Explanations that have no room are left out. transfer:
 * what is known of the transfer beside the file. */
void judgement_write(int fd, const struct trial *trial, const struct header_transfer *transfer,
                     struct text *out);

/* By one condition. */
struct judged {
    enum condition_verdict verdict;
    struct explanation *explanation; /* NULL: it was not to be shown, or had no room, or is no condition */
};

struct judgement {
    int code;             /* as header_read() of the file */
    char *reason;         /* with another code than 0 */
    char *incomplete;     /* as header_incomplete(); NULL: it was read to its end */
    char *sop_class;      /* NULL: it has none */
    char *study, *series; /* UIDs; NULL: it has none */
    struct judged *list;
    size_t count; /* 0 with another code than 0 */
};

/* By so many conditions. 0, or ERR_SYNTAX: no judgement_write() made that. */
int judgement_parse(const char *bytes, size_t length, size_t count, struct judgement **ret_judgement);
void judgement_destroy(struct judgement **judgement);

#endif
