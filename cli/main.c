/* felucca - the operator's tool: `felucca COMMAND`. command.h has the table of commands, one file each. */
#include "cli/command.h"
#include "common/base/core_dumps.h"

int main(int argc, char **argv)
{
    core_dumps_refuse();
    return command_main(argc, argv);
}
