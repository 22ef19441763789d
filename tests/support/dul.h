/* dul - the DICOM upper layer (PS3.8), byte by byte, for tests that want to see or do what a toolkit would
 * not.
 *
 * Appends PDUs to a text and picks answers apart; sending and reading are the caller's,
 * but for dul_read(). */
#ifndef FELUCCA_TESTS_DUL_H
#define FELUCCA_TESTS_DUL_H

#include "common/base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dul_pdu {
    DUL_TIMEOUT = -1,
    DUL_END = 0, /* the connection was closed */
    DUL_ASSOCIATE_RQ,
    DUL_ASSOCIATE_AC,
    DUL_ASSOCIATE_RJ,
    DUL_DATA,
    DUL_RELEASE_RQ,
    DUL_RELEASE_RP,
    DUL_ABORT
};

enum { DUL_SYNTAXES = 4 };

struct dul_context {
    unsigned char id; /* odd */
    const char *abstract_syntax;
    const char *transfer_syntaxes[DUL_SYNTAXES]; /* NULL: no more */
};

void dul_append_request(struct text *out, const char *called_aet, const char *calling_aet,
                        const struct dul_context *contexts, size_t count);
/* The same, with more items of user information (PS3.7 annex D.3.3), as they are on the wire. */
void dul_append_request_with(struct text *out, const char *called_aet, const char *calling_aet,
                             const struct dul_context *contexts, size_t count, const void *items,
                             size_t length);
void dul_append_release(struct text *out);

/* A command (PS3.7 annex E); empty strings and negative numbers leave an element out. */
struct dul_command {
    uint16_t
        field; /* 0x0001 C-STORE-RQ, 0x0030 C-ECHO-RQ, 0x0130 N-ACTION-RQ (its UIDs are requested ones), … */
    uint16_t message_id;
    const char *sop_class, *sop_instance;
    int priority; /* of an N-ACTION its action type; negative: none */
    bool data_set;
};

void dul_append_command(struct text *out, unsigned char context, const struct dul_command *command);
/* A presentation data value, and a P-DATA-TF with several. */
struct dul_value {
    unsigned char context;
    bool is_command, is_last;
    const void *bytes;
    size_t length;
};

void dul_append_values(struct text *out, const struct dul_value *values, size_t count);
/* Only the command set. */
void dul_append_elements(struct text *out, const struct dul_command *command);

/* A piece of a data set as one PDU. */
void dul_append_data(struct text *out, unsigned char context, const void *bytes, size_t length, bool last);

/* Reads one PDU, replacing what the text holds: its type, DUL_END or DUL_TIMEOUT. */
enum dul_pdu dul_read(int socket, int64_t limit_ms, struct text *pdu);

/* Of an A-ASSOCIATE-AC: the result of a context (255: not answered), and the transfer syntax, which is
 * borrowed until the next call. */
unsigned char dul_context_result(const struct text *pdu, unsigned char id);
const char *dul_context_syntax(const struct text *pdu, unsigned char id);

/* Of a P-DATA with a whole command: the status (0000,0900), -1 when there is none. */
int dul_status(const struct text *pdu);
/* The same of its command field (0000,0100). */
int dul_command_field(const struct text *pdu);

#endif
