/* admission - decides, within one STOW request, which instances KHEOPS lets in.
 *
 * For each series of the request, and each different set of compared attributes in it, KHEOPS compares or makes its
 * rows, and puts the series into the token's album; once that went well, further instances with the same set pass.
 * It also watches which requests are in flight at once: two that make the same row collide, as inside of KHEOPS. */
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
/* It is answered: no later request meets it. Takes the lock itself. */
void admission_land(struct admission *admission);
void admission_destroy(struct admission **admission);

/* Decides about one instance. Takes the lock itself. */
struct ruling admission_rule(struct admission *admission, const struct dataset_head *head);

/* How many series the request brought that KHEOPS had not. */
size_t admission_new_series(const struct admission *admission);

#endif
