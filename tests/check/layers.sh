#!/bin/sh
# layers - includes are written from the root folder and look only down: a room includes what its row in
# cmake/rooms.cmake names, a program's folder the rooms of its own row, and neither reaches anything else through
# an include of an include. Each foreign interface has one owner, and no process can see what it must not. The
# rules are the tables of cmake/rooms.cmake and of layers.awk.
#
# Usage: layers.sh ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/files.sh"
cd "$1"
list=$(files_of '*.c' '*.h' '*.cc' '*.cpp' '*.cxx' '*.hpp' '*.hh')
[ -n "$list" ] || { echo "no sources in $1" >&2; exit 1; }
# shellcheck disable=SC2086 # no path of ours has a space
violations=$(awk -f "$here/layers.awk" cmake/rooms.cmake $list)
[ -z "$violations" ] && exit 0
echo "$violations"
exit 1
