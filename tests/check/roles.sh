#!/bin/sh
# roles - who reaches which of the router's sockets: the table of processes (common/config/processes.h) says what a
# process uses, and its systemd unit and its service in docker-compose.yml show it the folder of that one and no
# other. All run as one user, so nothing else keeps the receiver, which strangers talk to, from the others.
#
# Usage: roles.sh ROOT
set -eu
cd "$1"
status=0

complain()
{
    echo "$1"
    status=1
}

# One row of the table on one line.
row()
{
    sed -n "/^ *X([A-Z]*, \"$1\",/,/\")/p" common/config/processes.h | tr -d '\n'
}

# The part of docker-compose.yml that is about one service.
service()
{
    awk -v name="  $1:" '/^  [a-z]/ { inside = $0 == name } inside' docker-compose.yml
}

for process in $(sed -n 's/^ *X([A-Z]*, "\([a-z]*\)", [A-Z]*, [0-9].*/\1/p' common/config/processes.h); do
    for unit in "packaging/systemd/felucca-$process.service.in" "packaging/systemd/felucca-$process@.service.in"; do
        [ ! -f "$unit" ] || break
    done
    [ -f "$unit" ] || continue # a helper runs inside of another's
    for role in hints work control; do
        hidden=$(sed -n 's/^InaccessiblePaths=//p' "$unit" | tr ' ' '\n' | grep -cx "/run/felucca/$role" || :)
        mounted=$(service "$process" | grep -c "\"$role:/run/felucca/$role" || :)
        if row "$process" | grep -q "PROCESS_$(echo $role | tr a-z A-Z)\>"; then
            [ "$hidden" = 0 ] || complain "$unit: hides run/$role, which the $process uses"
            [ "$mounted" = 1 ] || complain "docker-compose.yml: the $process has no volume $role, which it uses"
        else
            [ "$hidden" = 1 ] || complain "$unit: does not hide run/$role, which the $process does not use"
            [ "$mounted" = 0 ] || complain "docker-compose.yml: the $process has the volume $role, which it does not use"
        fi
    done
    ! service "$process" | grep -q ':/run/felucca[":]' ||
        complain "docker-compose.yml: the $process has a volume with all sockets"
done
exit $status
