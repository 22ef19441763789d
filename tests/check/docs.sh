#!/bin/sh
# docs - every relative link, and every file or folder of ours that a page names in code style, is there; so are
# every `felucca COMMAND`, `make TARGET`, `section.key` of the configuration and felucca_metric that it names; and
# every page that a source file names.
#
# Usage: docs.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
ours='(receiver|router|header|sender|sharer|committer|notifier|console|tray|cli|common|docs|scripts|tests|\.ci)/[A-Za-z0-9_./-]*[A-Za-z0-9_/-]'
status=0

missing()
{
    echo "$1: names $2, which is not there"
    status=1
}

# words_of FILE PATTERN: what the pattern of sed's extended kind catches in brackets, one a line.
words_of()
{
    [ ! -f "$1" ] || sed -nE "s/$2/\\1/p" "$1" | sort -u
}

# The keys of docs/configuration.md, which is made from the schema, as section.key, and inner sections.
keys_of_configuration()
{
    [ ! -f docs/configuration.md ] || awk '/^## / { section = $2; if (section ~ /[.]/) print section } /^\| `[a-z_]+` \|/ { gsub("`", "", $2); print section "." $2 }' \
        docs/configuration.md
}

lists=$(mktemp -d)
trap 'rm -rf "$lists"' EXIT
[ ! -f cli/command.h ] || grep -oE 'X\([a-z_]+\)' cli/command.h | sed 's/X(//; s/)//; s/_/-/g' >"$lists/command"
words_of Makefile '^([a-z-]+):.*' >"$lists/target"
words_of docs/metrics.md '^\| `(felucca_[a-z_]+)` .*' >"$lists/metric"
keys_of_configuration >"$lists/key"
sections=$(cut -d . -f 1 "$lists/key" 2>/dev/null | grep -E '^(receiver|sender|sharer|retry|endpoints|curve|log|metrics|notify)$' | sort -u | tr '\n' '|' || :)

# unknown LIST: passes on the words that are not in the list, unless there is no such list.
unknown()
{
    if [ -s "$lists/$1" ]; then grep -vxF -f "$lists/$1" || :; fi
}

for page in $(files_of '*.md'); do
    folder=$(dirname "$page")
    for link in $(grep -oE '\]\([^)# ]+' "$page" | cut -c 3- | grep -v ':' || :); do
        [ -e "$folder/$link" ] || missing "$page" "$link"
    done
    for path in $(grep -oE "\`$ours\`" "$page" | tr -d '`' || :); do
        [ -e "$path" ] || missing "$page" "$path"
    done
    for word in $(grep -oE '(`|^ {4,})felucca [a-z][a-z-]+' "$page" | sed 's/.* //' | sort -u | unknown command); do
        missing "$page" "the command felucca $word"
    done
    for word in $(grep -oE '(`|^ {4,})make [a-z-]+' "$page" | sed 's/.* //' | sort -u | unknown target); do
        missing "$page" "the target make $word"
    done
    for word in $(grep -oE "\`(${sections%|})(\.[a-z_]+)+\`" "$page" | tr -d '`' | sort -u | unknown key); do
        missing "$page" "the key $word"
    done
    for word in $(grep -oE '`felucca_[a-z_]+[`{]' "$page" | tr -d '`{' | sort -u | unknown metric); do
        missing "$page" "the metric $word"
    done
done
for source in $(files_of '*.c' '*.cc' '*.h' '*.sh' '*.sql' '*.yaml' '*.txt' Makefile Dockerfile | grep -v '^tests/check/'); do
    for path in $(grep -oE '\<docs/[a-z0-9/-]+\.md' "$source" | sort -u); do
        [ -e "$path" ] || missing "$source" "$path"
    done
done
exit $status
