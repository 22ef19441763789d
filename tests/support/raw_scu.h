/* raw_scu - a storage SCU that sends any bytes as a data set, which no toolkit would. */
#ifndef FELUCCA_TESTS_RAW_SCU_H
#define FELUCCA_TESTS_RAW_SCU_H

#include "common/base/text.h"
#include "tests/support/dul.h"

/* What is sent: the command's UIDs, the transfer syntax of the one presentation context, the data set. */
struct raw_instance {
    const char *sop_class, *sop_instance, *transfer_syntax;
    const struct text *data_set;
};

/* Connects to a receiver on this machine, asks for these contexts and ends the test unless that is accepted: the socket is
 * then yours, and the A-ASSOCIATE-AC in the text. */
int raw_scu_associate(int port, const char *called_aet, const char *calling_aet,
                      const struct dul_context *contexts, size_t count, struct text *ret_answer);

/* One association from CT01 for one instance: the status of the C-STORE response, or -1 when the context was refused
 * or no response came. */
int raw_scu_store(int port, const char *called_aet, const struct raw_instance *instance);

#endif
