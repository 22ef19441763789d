#!/bin/sh
# processes - the table of processes (common/config/processes.h) and what cannot read it agree: each process is a
# program of cmake/rooms.cmake with a folder, and no other program but felucca is there; docs/architecture.md
# names it; and where it has a health port, docs/metrics.md tells of it, and monitoring/ asks it.
#
# Usage: processes.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
status=0

complain()
{
    echo "$1"
    status=1
}

# name count port, one process a line.
table=$(sed -n 's/^ *X([A-Z]*, "\([a-z]*\)", \([A-Z]*\), \([0-9]*\),.*/\1 \2 \3/p' common/config/processes.h)
[ -n "$table" ] || complain "common/config/processes.h: no row found"
processes=$(echo "$table" | sed 's/ .*//')
programs=$(folders_of_programs | grep -vx cli)

for folder in $programs; do
    echo "$processes" | grep -qx "$folder" ||
        complain "cmake/rooms.cmake: felucca-$folder has no row in common/config/processes.h"
done
for process in $processes; do
    echo "$programs" | grep -qx "$process" ||
        complain "common/config/processes.h: felucca-$process has no row in cmake/rooms.cmake, for what it may be linked with"
    [ -f "$process/main.c" ] || complain "common/config/processes.h: $process/main.c is not there"
    grep -q "^| \`felucca-$process\` |" docs/architecture.md ||
        complain "docs/architecture.md: tells nothing of felucca-$process"
done
while read -r process count number; do
    [ "$count" != HELPER ] || continue
    port=$((9400 + number))
    grep -qi "^## $process, port $port\$" docs/metrics.md ||
        complain "docs/metrics.md: has no section on the port of felucca-$process, $port"
    sed -n "/job_name: felucca-$process\$/,/^ *\$/p" monitoring/prometheus.yml | grep -q "\<$port\>" ||
        complain "monitoring/prometheus.yml: asks no port $port of felucca-$process"
done <<END
$table
END
twice=$(echo "$table" | awk '$2 != "HELPER" { print $3 }' | sort | uniq -d)
[ -z "$twice" ] || complain "common/config/processes.h: two processes have the port $twice"
exit $status
