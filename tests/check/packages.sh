#!/bin/sh
# packages - packages.txt is well-formed: one name and one of build, run, test a line; no name twice.
#
# Usage: packages.sh ROOT
set -eu
cd "$1"
awk '
    /^#/ || /^[ \t]*$/ { next }
    NF != 2 { print FILENAME ":" FNR ": a name and a kind, nothing else"; bad = 1; next }
    $1 !~ /^[a-z0-9][a-z0-9+.-]+$/ { print FILENAME ":" FNR ": " $1 " is no package name"; bad = 1 }
    $2 !~ /^(build|run|test)$/ { print FILENAME ":" FNR ": the kind is build, run or test"; bad = 1 }
    seen[$1]++ { print FILENAME ":" FNR ": " $1 " stands there twice"; bad = 1 }
    { count++ }
    END { if (!count) print FILENAME " is empty"; exit bad || !count }' packages.txt
