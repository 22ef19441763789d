#!/bin/sh
# format - every source file looks as .clang-format says.
#
# Usage: format.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
need clang-format
cd "$1"
files_of '*.c' '*.cc' '*.h' | xargs -P 2 -n 16 clang-format --dry-run -Werror
