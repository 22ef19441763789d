/* condition_file - one DICOM file as the condition command sees it, and the explanation of a condition on it. */
#ifndef FELUCCA_CLI_CONDITION_FILE_H
#define FELUCCA_CLI_CONDITION_FILE_H

#include "common/base/json.h"
#include "common/condition/explain.h"
#include "common/dicom/header.h"
#include "common/config/config.h"
#include "common/spool/file_meta.h"

#include <stdbool.h>

struct condition_options {
    bool json;
    bool values;    /* show also what may identify a patient */
    bool in_folder; /* nobody named the file: it may be no DICOM */
};

struct condition_file {
    const char *path;
    struct file_meta meta; /* what a spool file tells about its transfer; empty in other files */
    struct header_transfer transfer;
    struct header *header;
};

/* Reads the file; on failure a sentence is appended to ret_reason. path is borrowed. The struct must stay
 * where it is. Release it in either case. */
int condition_file_read(const char *path, struct condition_file *ret_file, struct text *ret_reason);
/* The same of an open file, whose transfer is told (borrowed, with its texts, until the release). The descriptor is the
 * file's, whatever comes of it. */
int condition_file_read_open(int fd, const struct header_transfer *transfer, struct condition_file *ret_file,
                             struct text *ret_reason);
void condition_file_release(struct condition_file *file);

/* The explanation of a condition on the file; is then yours. */
struct explanation *condition_file_explain(struct condition_file *file, const struct condition *condition,
                                           const struct condition_options *options);

/* The tree as JSON, a new reference. */
json_t *condition_explanation_json(const struct explanation *explanation);

/* condition_config.c: which node, destinations and albums of the configuration the file would go to, and why: as lines, the
 * first of them begun with the file's name by the caller, or as members of an object. Whether at least one destination takes
 * it. */
bool condition_config_append(const struct config *config, struct condition_file *file,
                             const struct condition_options *options, struct text *out);
bool condition_config_add(const struct config *config, struct condition_file *file,
                          const struct condition_options *options, json_t *object);

/* condition_config.c: whether the album of the destination gets the series of the file by this file, and why; that the
 * destination does not take it is an answer, too. As lines, each behind indent blanks, and the verdict; or as an object, a new reference. */
enum condition_verdict condition_album_append(const struct config_destination *destination,
                                              const struct config_album *album, struct condition_file *file,
                                              const struct condition_options *options, unsigned indent,
                                              struct text *out);
json_t *condition_album_json(const struct config_destination *destination, const struct config_album *album,
                             struct condition_file *file, const struct condition_options *options);

#endif
