/* felucca - the operator's tool: `felucca COMMAND`. The commands are the table in command.h, one file each.
 */
#include "cli/command.h"

int main(int argc, char **argv)
{
    return command_main(argc, argv);
}
