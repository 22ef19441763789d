#include "tests/support/scu.h"

#include "common/base/cleanup.h"
#include "common/base/text.h"
#include "tests/support/dicom.h"
#include "tests/support/dul.h"
#include "tests/support/files.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <sys/socket.h>

enum { CONTEXT = 1, STORE = 0x0001, PIECE = 8192, PATIENCE_MS = 30000 };

static void say(int socket, const struct text *pdus)
{
    for (size_t sent = 0; sent < pdus->length;) {
        ssize_t n = send(socket, pdus->bytes + sent, pdus->length - sent, MSG_NOSIGNAL);
        require(n > 0, "the receiver closed the association");
        sent += (size_t)n;
    }
}

static void hear(int socket, enum dul_pdu expected, struct text *ret_pdu)
{
    enum dul_pdu type = dul_read(socket, PATIENCE_MS, ret_pdu);
    require(type == expected, "PDU %d instead of %d", (int)type, (int)expected);
}

static void associate(int socket, const char *called_aet, const char *sop_class, const char *transfer_syntax)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    const struct dul_context context = {CONTEXT, sop_class, {transfer_syntax}};
    dul_append_request(&pdu, called_aet, "MODALITY", &context, 1);
    say(socket, &pdu);
    hear(socket, DUL_ASSOCIATE_AC, &pdu);
    require(dul_context_result(&pdu, CONTEXT) == 0, "the context is refused");
}

static void append_data_set(const char *path, struct text *out)
{
    AUTO(text_release) struct text file = TEXT_EMPTY;
    size_t at = (size_t)file_data_set_offset(path);
    file_read(path, &file);
    for (size_t length; at < file.length; at += length) {
        length = file.length - at < PIECE ? file.length - at : PIECE;
        dul_append_data(out, CONTEXT, file.bytes + at, length, at + length == file.length);
    }
}

static void store(int socket, const char *path, const struct dul_command *command)
{
    AUTO(text_release) struct text pdus = TEXT_EMPTY;
    dul_append_command(&pdus, CONTEXT, command);
    append_data_set(path, &pdus);
    say(socket, &pdus);
    hear(socket, DUL_DATA, &pdus);
    require(dul_status(&pdus) == 0, "status 0x%04x", (unsigned)dul_status(&pdus));
}

void scu_send(int port, const char *called_aet, const char *folder, uint64_t seed, unsigned instances,
              enum scu_priority priority)
{
    struct dicom_spec spec;
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    AUTO(fd_close) int socket = port_connect(port);
    dicom_spec_init(&spec, seed);
    associate(socket, called_aet, dicom_sop_class(&spec), dicom_transfer_syntax(&spec));
    for (unsigned i = 1; i <= instances; i++) {
        AUTO(text_release) struct text path = TEXT_EMPTY;
        char sop_instance[DICOM_UID_SIZE];
        dicom_uid(sop_instance, seed, 1, i);
        text_format(&path, "%s/S1-I%05u.dcm", folder, i);
        const struct dul_command command = {STORE,        (uint16_t)i,   dicom_sop_class(&spec),
                                            sop_instance, (int)priority, true};
        store(socket, text_string(&path), &command);
    }
    dul_append_release(&pdu);
    say(socket, &pdu);
    hear(socket, DUL_RELEASE_RP, &pdu);
}
