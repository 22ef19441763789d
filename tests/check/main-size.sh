#!/bin/sh
# main-size - each process's main.c is its story: at most 40 lines of code (comments and blank lines aside).
#
# Usage: main-size.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
status=0
folders=$(folders_of_programs)
[ -n "$folders" ] || { echo "cmake/rooms.cmake names no program"; exit 1; }
for folder in $folders; do
    main=$folder/main.c
    [ -f "$main" ] || { echo "$main is missing"; status=1; continue; }
    lines=$(awk '
        /^[ \t]*\/\*/ { comment = 1 }
        !comment && !/^[ \t]*(\/\/.*)?$/ { lines++ }
        /\*\/[ \t]*$/ { comment = 0 }
        END { print lines + 0 }' "$main")
    [ "$lines" -le 40 ] || { echo "$main has $lines lines of code, 40 are allowed"; status=1; }
done
exit $status
