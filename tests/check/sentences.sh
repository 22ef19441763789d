#!/bin/sh
# sentences - what docs/kheops.md says of messages is what the programs say: every sentence of its tables is in
# the code, and every sentence with which the code blocks a destination or album is in its tables.
#
# Usage: sentences.sh ROOT
set -eu
cd "$1"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=0

# The code as one line, adjacent strings joined, quotes within them as '.
cat sender/*.c sharer/*.c common/*/*.c router/*.c | tr '\n' ' ' |
    sed -e 's/\\"/'"'"'/g' -e 's/" *"//g' >"$folder/code"
# The first cells of the tables on blocked targets and failed jobs.
sed -n '/^## When a destination or album is blocked/,$p' docs/kheops.md | grep '^| ' | grep -v -e '^|---' -e '^| the sentence says' |
    cut -d '|' -f 2 | tr '"' "'" >"$folder/cells"
[ -s "$folder/cells" ] || { echo "docs/kheops.md: no tables found"; exit 1; }

# What stands for something else (an ellipsis, a number, a name in quotes) splits a sentence.
sed -e 's/[…;]/\n/g' -e 's/0x[0-9A-F]*: /\n/g' -e "s/'[^']*'/\n/g" "$folder/cells" | sed -e 's/^ *//' -e 's/ *$//' | grep -E '.{8}' >"$folder/pieces"
while read -r piece; do
    grep -qF -- "$piece" "$folder/code" || { echo "docs/kheops.md: nobody says \"$piece\""; status=1; }
done <"$folder/pieces"

# Of each the part before its advice: up to the first colon or semicolon.
grep -oE '(ANSWER_BLOCKED|ANSWER_REVOKED|WORK_BLOCKED_OUTCOME),[^";{}]*"[^"]*"' "$folder/code" |
    sed -e 's/^[^"]*"//' -e 's/"$//' -e 's/[:;].*//' | sort -u >"$folder/blocking"
[ "$(wc -l <"$folder/blocking")" -ge 14 ] || { echo "the code: its sentences are not found any more"; exit 1; }
while read -r sentence; do
    grep -qF -- "$sentence" "$folder/cells" ||
        { echo "docs/kheops.md: does not tell what to do about \"$sentence\""; status=1; }
done <"$folder/blocking"
exit $status
