#!/bin/sh
# scripts - every script names its shell, can be run, and is understood by that shell and by shellcheck.
#
# Usage: scripts.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
need shellcheck
cd "$1"
status=0
for script in $(files_of '*.sh' '.ci/*'); do
    first=$(head -n 1 "$script")
    case $first in
    '#!/bin/sh') shell='sh' ;;
    '#!/bin/bash' | '#!/usr/bin/env bash') shell='bash' ;;
    '# '*) shell='sh' ;; # to be sourced
    *)
        echo "$script: the first line names no shell"
        status=1
        continue
        ;;
    esac
    case $first in
    '#!'*) [ -x "$script" ] || { echo "$script: cannot be run (chmod +x)"; status=1; } ;;
    esac
    "$shell" -n "$script" || status=1
    shellcheck --severity=warning --shell="$shell" "$script" || status=1
done
exit $status
