/* dimse - the command sets of DIMSE messages (PS3.7 annex E): a request read, its answer written.
 *
 * A command set is a flat list of elements, Implicit VR Little Endian, in group 0000. Elements that a receiver
 * of C-STORE, C-ECHO and N-ACTION has no use for are passed over. An identifier that no UID could be (empty, more than 64
 * bytes) is left empty: what the data set says counts. No memory is kept. */
#ifndef FELUCCA_RECEIVER_DIMSE_H
#define FELUCCA_RECEIVER_DIMSE_H

#include "common/base/text.h"
#include "common/spool/file_meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer command set is nobody's: those of the standard are a few hundred bytes. */
enum { DIMSE_MOST = 64 * 1024 };

enum dimse_field {
    DIMSE_C_STORE = 0x0001,
    DIMSE_C_ECHO = 0x0030,
    DIMSE_N_ACTION = 0x0130,
    DIMSE_N_EVENT_REPORT = 0x0100,
    DIMSE_N_EVENT_REPORT_ANSWER = 0x8100,
    DIMSE_C_CANCEL = 0x0FFF
};

/* Status codes (PS3.7 annex C). */
enum dimse_status {
    DIMSE_SUCCESS = 0x0000,
    DIMSE_PROCESSING_FAILURE = 0x0110,
    DIMSE_NO_SUCH_INSTANCE = 0x0112,
    DIMSE_INVALID_ARGUMENT = 0x0115,
    DIMSE_NO_SUCH_CLASS = 0x0118,
    DIMSE_CLASS_NOT_SUPPORTED = 0x0122,
    DIMSE_NO_SUCH_ACTION = 0x0123,
    DIMSE_UNRECOGNIZED_OPERATION = 0x0211,
    DIMSE_RESOURCE_LIMITATION = 0x0213,
    DIMSE_OUT_OF_RESOURCES = 0xA700,
    DIMSE_DATA_SET_MISMATCH = 0xA900,
    DIMSE_CANNOT_UNDERSTAND = 0xC000
};

/* Or the answer to an N-EVENT-REPORT, the one request that we make: then message_id is that request's. */
struct dimse_request {
    uint16_t field, message_id;
    uint16_t status; /* of an answer */
    uint16_t action; /* Action Type ID; 0: none was said */
    bool has_data_set;
    enum file_meta_priority priority;
    char sop_class[FILE_META_UID_SIZE]; /* without padding; affected, or of an N-ACTION requested */
    char sop_instance[FILE_META_UID_SIZE];
};

/* NULL, or what is wrong with it as a request, a part of a sentence. */
const char *dimse_read(const void *bytes, size_t length, struct dimse_request *ret_request);

/* Appends the answer to a request. comment: why not, for its log, of which 64 characters go out; NULL: nothing. */
void dimse_answer(const struct dimse_request *request, enum dimse_status status, const char *comment,
                  struct text *out);

/* Appends the command of an N-EVENT-REPORT of Storage Commitment; its data set follows. */
void dimse_event_report(uint16_t message_id, uint16_t type, struct text *out);

#endif
