#!/bin/sh
# headers - each header compiles alone, with the project's own flags: whoever includes it needs nothing else.
#
# Usage: headers.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
build=$(cd "$2" && pwd)
cd "$1"
compile=$(compile_command "$build")
[ -n "$compile" ] || { echo "no compile command in $build" >&2; exit 1; }
export compile
files_of '*.h' | xargs -P 2 -n 8 sh -c '
    status=0
    for header; do
        eval "$compile -fsyntax-only -x c \"\$header\"" || { echo "$header does not compile alone"; status=1; }
    done
    exit $status' headers
