/* silence_file - what the notifier told of the router's silence, in a file. */
#ifndef FELUCCA_NOTIFIER_SILENCE_FILE_H
#define FELUCCA_NOTIFIER_SILENCE_FILE_H

#include "common/base/text.h"

#include <stddef.h>
#include <stdint.h>

/* How far a target is: nothing, the beginning, or the end was told. */
enum silence_told { SILENCE_UNTOLD, SILENCE_BEGUN, SILENCE_ENDED };

struct silence_listener {
    char *name;
    enum silence_told told;
};

struct silence_record {
    int64_t began_at, over_at; /* wall ms; 0: it did not */
    struct silence_listener *listeners;
    size_t count, capacity;
};

void silence_record_release(struct silence_record *record);
/* The one of this name, which is added where there is none; borrowed until the next. */
struct silence_listener *silence_record_find(struct silence_record *record, const char *name);

/* Reads state_dir/notifier/router.json. 0, ERR_ABSENT, or why it cannot be read; the record is then empty. */
int silence_file_read(const char *state_dir, struct silence_record *ret_record);
/* Makes it durable; a record that did not begin removes the file. 0, or why not. */
int silence_file_write(const char *state_dir, const struct silence_record *record);

#endif
