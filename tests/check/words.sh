#!/bin/sh
# words - what is never in this repository: notes to oneself, paths of one machine, package hosts, secrets.
#
# Usage: words.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
status=0

# forbid SENTENCE EXTENDED-REGULAR-EXPRESSION
forbid()
{
    found=$(files_of '*' | grep -v '^tests/check/' | xargs grep -nIE -e "$2" /dev/null || :)
    [ -z "$found" ] && return
    echo "$1:"
    echo "$found"
    status=1
}

forbid 'a note to oneself' '\<(TODO|FIXME|XXX|HACK)\>'
forbid 'a path of one machine' '(^|[^A-Za-z0-9_.])/(work|root|home/[a-z]+)/'
forbid 'a package host' '(deb\.debian\.org|security\.debian\.org|archive\.ubuntu\.com|pypi\.org|pythonhosted\.org|registry\.npmjs\.org|crates\.io|proxy\.golang\.org)'
forbid 'a private key' 'BEGIN ([A-Z]+ )?PRIVATE KEY'
forbid 'a token' '(eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|gh[pousr]_[A-Za-z0-9]{30,}|AKIA[0-9A-Z]{16})'
# A KHEOPS token has 22 letters and digits that look like nothing; ours in tests and examples say what they are.
found=$(files_of '*' | grep -v '^tests/check/' | xargs grep -noIE -e 'Bearer [A-Za-z0-9]{22}\>' /dev/null |
    awk '/Bearer [A-Za-z0-9]*[0-9][A-Za-z]/ && /Bearer [A-Za-z0-9]*[a-z][A-Z]/' || :)
if [ -n "$found" ]; then
    echo "what looks like a real KHEOPS token:"
    echo "$found"
    status=1
fi
exit $status
