/* message - a notice in words: as a sentence, as the JSON of a webhook, and as a mail.
 *
 * It holds what the notice holds, and the names of this machine and its cell: no patient data, and no UID. */
#ifndef FELUCCA_NOTIFY_MESSAGE_H
#define FELUCCA_NOTIFY_MESSAGE_H

#include "common/base/text.h"
#include "common/config/config.h"
#include "common/wire/work.h"

/* "3 jobs failed at kheops-main", appended. */
void message_sentence(const struct work_notice *notice, struct text *out);

/* The command that shows more, appended; its arguments are quoted for a shell where they have to be. */
void message_command(const struct work_notice *notice, struct text *out);

/* The body of a webhook's request. */
void message_json(const struct work_notice *notice, const char *cell, struct text *out);

/* The whole text of a mail, with its header. */
void message_mail(const struct work_notice *notice, const struct config_mail *mail, const char *cell,
                  struct text *out);

#endif
