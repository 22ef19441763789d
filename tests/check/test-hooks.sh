#!/bin/sh
# test-hooks - the programs for use have no crash point in them; those of the crash tests, made of the same
# sources, have.
#
# Usage: test-hooks.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
need nm
status=0

# has_hooks PROGRAM: by its symbols, and by the text that only they use.
has_hooks()
{
    nm "$1" | grep -Eq 'crash_point|planted_call' || grep -Eqa 'FELUCCA_(CRASH|PLANTED)_' "$1"
}

for process in receiver router header sender sharer committer notifier tray; do
    hooked=$2/crash-bin/felucca-$process
    [ -x "$hooked" ] || { echo "$hooked is not built"; status=1; continue; }
    has_hooks "$hooked" || { echo "$hooked has no crash points: what would the crash tests prove?"; status=1; }
done
for used in "$2"/bin/felucca*; do
    if has_hooks "$used"; then
        echo "$used has crash points in it"
        status=1
    fi
done
exit $status
