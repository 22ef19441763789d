#!/bin/sh
# circles - in the folders below no file is, by its includes, above and below another one. NAME.c and NAME.h are one
# file here; since each NAME.h tells what NAME.c does and nothing else, a circle of calls is a circle of includes.
#
# Usage: circles.sh ROOT
set -eu
cd "$1"
status=0
for folder in receiver router sender sharer committer notifier console tray cli common/base common/condition common/dicom common/http common/kheops \
    common/notify common/reading common/sandbox common/search common/service common/spool common/tls common/users common/view common/wire \
    common/worker; do
    edges=$(for file in "$folder"/*.[ch] "$folder"/*.cc; do
        [ -f "$file" ] || continue
        name=$(basename "${file%.*}")
        echo "$name $name"
        sed -n "s|^[ \t]*#[ \t]*include[ \t]*\"$folder/\([a-z_0-9]*\)\.h\".*|$name \1|p" "$file"
    done)
    loops=$(echo "$edges" | tsort 2>&1 >/dev/null) || status=1
    [ -z "$loops" ] || echo "$loops" | sed -e '/input contains a loop/d' -e "s|^tsort: \(.*\)|$folder/\1 is in a circle of includes|"
done
exit $status
