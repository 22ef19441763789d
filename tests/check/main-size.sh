#!/bin/sh
# main-size - each process's main.c is its story: at most 40 lines of code (comments and blank lines aside).
#
# Usage: main-size.sh ROOT
set -eu
cd "$1"
status=0
for main in receiver/main.c router/main.c sender/main.c sharer/main.c cli/main.c; do
    [ -f "$main" ] || { echo "$main is missing"; status=1; continue; }
    lines=$(awk '
        /^[ \t]*\/\*/ { comment = 1 }
        !comment && !/^[ \t]*(\/\/.*)?$/ { lines++ }
        /\*\/[ \t]*$/ { comment = 0 }
        END { print lines + 0 }' "$main")
    [ "$lines" -le 40 ] || { echo "$main has $lines lines of code, 40 are allowed"; status=1; }
done
exit $status
