#!/bin/sh
# layers - includes are written from the root folder, look only down (process, common/pipeline,
# common/condition and common/dicom, common/base) and never from one process into another; each foreign
# interface has one owner; no process can see what it must not. The rules are the tables in layers.awk.
#
# Usage: layers.sh ROOT
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/files.sh"
cd "$1"
list=$(files_of '*.c' '*.h' '*.cc' '*.cpp' '*.cxx' '*.hpp' '*.hh')
[ -n "$list" ] || { echo "no sources in $1" >&2; exit 1; }
# shellcheck disable=SC2086 # no path of ours has a space
violations=$(awk -f "$here/layers.awk" $list)
[ -z "$violations" ] && exit 0
echo "$violations"
exit 1
