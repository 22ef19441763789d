/* admission - decides, within one STOW request, which instances KHEOPS lets in.
 *
 * For the first instance of each series it compares attributes and puts the series into the token's album;
 * what it found holds for the rest of the series in this request. It also watches which requests of a study
 * are in flight at once: two that both bring something new collide, as they do inside of KHEOPS. */
#ifndef FELUCCA_SIM_ADMISSION_H
#define FELUCCA_SIM_ADMISSION_H

#include "tests/kheops-sim/model.h"

enum { REASON_PROCESSING = 0x0110, REASON_NOT_AUTHORISED = 0x0124, REASON_ATTRIBUTE = 0x0106 };

struct ruling {
    bool admitted;
    unsigned reason; /* of the refusal */
    bool unnamed;    /* it is counted without naming the instance */
    uint32_t tags[ATTRIBUTES];
    size_t tag_count; /* what differs; for REASON_ATTRIBUTE */
    struct series *series;
};

struct admission;

/* album: where the request's series go; skip_verify: compare no attributes. */
struct admission *admission_create(struct model *model, struct token *token, struct album *album,
                                   bool skip_verify);
/* The request has ended. Takes the lock itself. */
void admission_destroy(struct admission **admission);

/* Decides about one instance. Takes the lock itself. */
struct ruling admission_rule(struct admission *admission, const struct dataset_head *head);

#endif
