#!/bin/sh
# docs - every relative link, and every file or folder of ours that a page names in code style, is there; so is
# every page that a source file names.
#
# Usage: docs.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
ours='(receiver|router|sender|sharer|cli|common|docs|scripts|tests|\.ci)/[A-Za-z0-9_./-]*[A-Za-z0-9_/-]'
status=0

missing()
{
    echo "$1: names $2, which is not there"
    status=1
}

for page in $(files_of '*.md'); do
    folder=$(dirname "$page")
    for link in $(grep -oE '\]\([^)# ]+' "$page" | cut -c 3- | grep -v ':' || :); do
        [ -e "$folder/$link" ] || missing "$page" "$link"
    done
    for path in $(grep -oE "\`$ours\`" "$page" | tr -d '`' || :); do
        [ -e "$path" ] || missing "$page" "$path"
    done
done
for source in $(files_of '*.c' '*.cc' '*.h' '*.sh' '*.sql' '*.yaml' '*.txt' Makefile Dockerfile | grep -v '^tests/check/'); do
    for path in $(grep -oE '\<docs/[a-z0-9/-]+\.md' "$source" | sort -u); do
        [ -e "$path" ] || missing "$source" "$path"
    done
done
exit $status
