/* walk - past values of undefined length, and through the elements of items.
 *
 * Items and sequences without a length end at delimiters, which have to be looked for inside out: up to
 * DATASET_NESTING_MAX of them inside each other, without recursion. A walk takes a bounded number of steps
 * over its life. What it finds broken, it notes, and goes on where reading can. Not thread-safe. */
#ifndef FELUCCA_DICOM_WALK_H
#define FELUCCA_DICOM_WALK_H

#include "common/dicom/encoding.h"

enum { WALK_STEPS_MAX = 1 << 24 };

struct walk {
    struct source *source;       /* borrowed */
    uint64_t steps;              /* that are left */
    uint32_t last;               /* the tag that was passed last */
    struct dataset_break broken; /* the first that was found */
    bool is_disordered;          /* see dataset_is_disordered() */
};

/* Notes that something is broken at offset, unless something was before. over: nothing can be read behind. */
void walk_note(struct walk *walk, uint64_t offset, const char *why, bool over);

/* Whether the tag can be in a data set. */
bool walk_is_sensible(uint32_t tag);

/* Reads the header of the element at offset. False: there is none, *ret_over tells whether for good reasons
 * (the source ends there) or not, which is noted. */
bool walk_read(struct walk *walk, uint64_t offset, bool is_explicit, bool is_big, struct element *ret_element,
               bool *ret_over);

/* Where the value ends. False, and noted: it has no end. */
bool walk_past(struct walk *walk, const struct element *element, uint64_t *ret_end);

/* Calls visit for each element of an item. The end of it, behind its delimiter. False, and noted: it has
 * none. */
bool walk_item(struct walk *walk, const struct item *item,
               void (*visit)(void *closure, const struct element *element), void *closure, uint64_t *ret_end);

#endif
