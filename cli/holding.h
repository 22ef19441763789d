/* holding - what `felucca hold` and `felucca release` share: they hold one destination, album or source of requests for commitment, or let it go. */
#ifndef FELUCCA_CLI_HOLDING_H
#define FELUCCA_CLI_HOLDING_H

#include "cli/command.h"
#include "common/wire/control.h"

/* The whole command with this verb; the exit status. */
int hold_or_release(const struct cli *cli, const struct command *command, int argc, char **argv,
                    enum control_verb verb);

extern const struct command_option hold_options[];

#endif
