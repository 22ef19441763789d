/* source - the bytes of a file, at any place and in any order, inflated where they are deflated.
 *
 * A window over the file: what is asked for around the beginning, and in ascending order, costs few system
 * calls. Of a deflate stream at most SOURCE_INFLATED_MAX bytes ever come out, which stay in memory. Not
 * thread-safe. */
#ifndef FELUCCA_DICOM_SOURCE_H
#define FELUCCA_DICOM_SOURCE_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SOURCE_INFLATED_MAX = 64 << 20, SOURCE_ASKED_MAX = 4096 };

struct source;

/* Opens a regular file. 0, or ERR_ABSENT, ERR_DENIED or ERR_IO with a sentence appended to ret_reason. */
int source_open(const char *path, struct source **ret_source, struct text *ret_reason);
/* The same of an open file. The descriptor is the source's, whatever comes of it. */
int source_take(int fd, struct source **ret_source, struct text *ret_reason);
void source_close(struct source **source);

/* From offset on the file is a deflate stream (PS3.5 section A.5); places behind it count what comes out. */
void source_inflate(struct source *source, uint64_t offset);

/* The bytes at offset, borrowed until the next call: length of them (at most SOURCE_ASKED_MAX), or fewer, as
 * *ret_length tells, where the source ends before. */
const unsigned char *source_at(struct source *source, uint64_t offset, size_t length, size_t *ret_length);

/* Copies any number of bytes. False when there are not so many. */
bool source_copy(struct source *source, uint64_t offset, void *buffer, size_t length);

/* Whether the source has all of its bytes before end. */
bool source_reaches(struct source *source, uint64_t end);

/* The disk failed, or the file became shorter while it was read: nothing that was said about it counts. */
bool source_failed(const struct source *source);

/* NULL, or why a deflate stream gave less than it should have, as a part of a sentence. */
const char *source_trouble(const struct source *source);

#endif
