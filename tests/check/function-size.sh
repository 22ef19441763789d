#!/bin/sh
# function-size - no function is longer than .clang-tidy says (what a reader can hold in mind).
#
# Usage: function-size.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
need clang-tidy
build=$(cd "$2" && pwd)
cd "$1"
root=$(pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
sed -n "s|^ *\"file\": \"$root/\(.*\)\",*\$|\1|p" "$build/compile_commands.json" | sort -u >"$folder/known"
files_of '*.c' '*.cc' | grep -Fx -f "$folder/known" >"$folder/list" || {
    echo "$build/compile_commands.json names no file of $root"
    exit 1
}
# Flags that only gcc knows are no concern of this check.
xargs -P 2 -n 6 clang-tidy -p "$build" --quiet --warnings-as-errors='*' --extra-arg=-Wno-everything \
    --extra-arg=-Wno-error <"$folder/list" >"$folder/out" 2>"$folder/err" && exit 0
cat "$folder/out"
grep -v 'warnings* generated\|Suppressed\|Use -header-filter' "$folder/err" || :
exit 1
