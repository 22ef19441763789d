/* multipart - reads a multipart/related body (RFC 2046) that comes in pieces, keeping none of it.
 *
 * Each part is told in three steps; the bytes of a part are handed on as they come, never collected. A
 * handler that returns other than 0 stops the reading; that number is then multipart_feed()'s result. */
#ifndef FELUCCA_SIM_MULTIPART_H
#define FELUCCA_SIM_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

struct multipart_handler {
    void *context;
    int (*begin)(void *context, const char *content_type); /* NULL: the part has none */
    int (*data)(void *context, const void *bytes, size_t length);
    int (*end)(void *context);
};

struct multipart;

/* boundary as in the Content-Type, without quotes. */
struct multipart *multipart_create(const char *boundary, const struct multipart_handler *handler);
void multipart_destroy(struct multipart **multipart);

/* 0, ERR_SYNTAX (broken), or what the handler said. After anything but 0 do not feed on. */
int multipart_feed(struct multipart *multipart, const void *bytes, size_t length);

/* Whether the closing delimiter was seen. */
bool multipart_complete(const struct multipart *multipart);

/* The value of a parameter of a Content-Type ("boundary", "type"), without quotes, is then yours; NULL. */
char *multipart_parameter(const char *content_type, const char *name);

#endif
