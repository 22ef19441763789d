#include "tests/support/raw_scu.h"

#include "common/base/cleanup.h"
#include "tests/support/port.h"
#include "tests/support/require.h"

#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 30000, PIECE = 16000 };

static void say(int socket, struct text *pdu)
{
    for (size_t sent = 0; sent < pdu->length;) {
        ssize_t more = send(socket, pdu->bytes + sent, pdu->length - sent, MSG_NOSIGNAL);
        if (more <= 0)
            break; /* the peer has left: the answer that does not come tells */
        sent += (size_t)more;
    }
    text_clear(pdu);
}

static bool is_accepted(int socket, const char *called_aet, const struct raw_instance *instance)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    const struct dul_context context = {1, instance->sop_class, {instance->transfer_syntax}};
    dul_append_request(&pdu, called_aet, "CT01", &context, 1);
    say(socket, &pdu);
    return dul_read(socket, WAIT_MS, &pdu) == DUL_ASSOCIATE_AC && dul_context_result(&pdu, 1) == 0;
}

static void say_data(int socket, const struct text *data_set)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    for (size_t sent = 0; sent < data_set->length;) {
        size_t piece = data_set->length - sent < PIECE ? data_set->length - sent : PIECE;
        dul_append_data(&pdu, 1, data_set->bytes + sent, piece, sent + piece == data_set->length);
        sent += piece;
        say(socket, &pdu);
    }
}

int raw_scu_store(int port, const char *called_aet, const struct raw_instance *instance)
{
    AUTO(text_release) struct text pdu = TEXT_EMPTY;
    AUTO(fd_close) int socket = port_connect(port);
    const struct dul_command command = {0x0001, 1, instance->sop_class, instance->sop_instance, 0, true};
    require(socket >= 0, "nobody listens on port %d", port);
    if (!is_accepted(socket, called_aet, instance))
        return -1;
    dul_append_command(&pdu, 1, &command);
    say(socket, &pdu);
    say_data(socket, instance->data_set);
    int status = dul_read(socket, WAIT_MS, &pdu) == DUL_DATA ? dul_status(&pdu) : -1;
    text_clear(&pdu);
    dul_append_release(&pdu);
    say(socket, &pdu);
    if (status >= 0)
        (void)dul_read(socket, WAIT_MS, &pdu);
    return status;
}

int raw_scu_associate(int port, const char *called_aet, const char *calling_aet,
                      const struct dul_context *contexts, size_t count, struct text *ret_answer)
{
    AUTO(text_release) struct text request = TEXT_EMPTY;
    int client = port_connect(port);
    require(client >= 0, "nobody listens on port %d", port);
    dul_append_request(&request, called_aet, calling_aet, contexts, count);
    say(client, &request);
    require(dul_read(client, WAIT_MS, ret_answer) == DUL_ASSOCIATE_AC, "the receiver does not accept");
    return client;
}
