#!/bin/sh
# packages - packages.txt is well-formed: a line has a name and its kinds; no name twice.
#
# Usage: packages.sh ROOT
set -eu
cd "$1"
awk '
    /^#/ || /^[ \t]*$/ { next }
    NF != 2 { print FILENAME ":" FNR ": a name and its kinds, nothing else"; bad = 1; next }
    $1 !~ /^[a-z0-9][a-z0-9+.-]+$/ { print FILENAME ":" FNR ": " $1 " is no package name"; bad = 1 }
    ("," $2) !~ /^(,(build|run|test|demo|compose|package|browser))+$/ {
        print FILENAME ":" FNR ": kinds are build, run, test, demo, compose, package and browser, with a comma between them"; bad = 1
    }
    seen[$1]++ { print FILENAME ":" FNR ": " $1 " is there twice"; bad = 1 }
    { count++ }
    END { if (!count) print FILENAME " is empty"; exit bad || !count }' packages.txt
