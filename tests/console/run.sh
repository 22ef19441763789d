#!/bin/sh
# run - the console in a real browser: Debian's Chromium, driven by Playwright; axe-core looks whether everybody can use it.
#
# Usage: run.sh BUILD [PICTURES]
#
# FELUCCA_SCENE_FILE in the environment is another file of scenes than console.test.js: million.test.js, which make console-million
# names.
#
# FELUCCA_SCENES in the environment is a pattern of titles, of which only those are looked at.
#
# Playwright and axe-core come from the npm registry, as package-lock.json names them with their digests, into
# BUILD/console-browser. With PICTURES the pages' pictures are written into that folder. Exit status 77, with a sentence, where there is
# no Chromium or no registry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
pictures=${2:-}

skip()
{
    echo "console-test: $*; skipped" >&2
    exit 77
}

chromium=${FELUCCA_CHROMIUM:-/usr/bin/chromium}
[ -x "$chromium" ] || skip "there is no $chromium (apt-get install chromium)"
command -v node >/dev/null || skip 'there is no node (apt-get install nodejs)'
command -v npm >/dev/null || skip 'there is no npm (apt-get install npm)'

folder=$build/console-browser
mkdir -p "$folder"
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || [ ! -d "$folder/node_modules/axe-core" ]; then
    rm -rf "$folder/node_modules" "$folder/package-lock.json"
    cp "$here/package.json" "$folder"
    cp "$here/package-lock.json" "$folder/lock.new"
    mv "$folder/lock.new" "$folder/package-lock.json"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund) >"$folder/npm.log" 2>&1 || {
        tail -n 5 "$folder/npm.log" >&2
        rm -f "$folder/package-lock.json"
        grep -q EINTEGRITY "$folder/npm.log" && exit 1
        skip 'the npm registry does not answer'
    }
fi
cp "$here"/*.js "$folder"
[ -z "$pictures" ] || { mkdir -p "$pictures" && pictures=$(cd "$pictures" && pwd); }
cd "$folder"
FELUCCA_BUILD=$build FELUCCA_CHROMIUM=$chromium FELUCCA_PICTURES=$pictures \
    node --test --test-reporter=spec ${FELUCCA_SCENES:+--test-name-pattern="$FELUCCA_SCENES"} "${FELUCCA_SCENE_FILE:-console.test.js}"
