#!/bin/sh
# function-size - no function is longer than what a reader can hold in mind: function-size.awk.
#
# Usage: function-size.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
here=$(cd "$(dirname "$0")" && pwd)
cd "$1"
files_of '*.c' '*.cc' | xargs awk -f "$here/function-size.awk"
