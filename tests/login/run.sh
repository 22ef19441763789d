#!/bin/sh
# run - logins at a real provider: npm's oidc-provider, a certified one, with keys that rotate, tokens that live 5 s, and an
# outage.
#
# Usage: run.sh BUILD
#
# The provider comes from the npm registry, as package-lock.json names it with its digests, into BUILD/login-provider. Exit
# status 77, with a sentence, where there is no node or no registry.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)

skip()
{
    echo "login-test: $*; skipped" >&2
    exit 77
}

command -v node >/dev/null || skip 'there is no node (apt-get install nodejs)'
command -v npm >/dev/null || skip 'there is no npm (apt-get install npm)'

folder=$build/login-provider
mkdir -p "$folder"
if ! cmp -s "$here/package-lock.json" "$folder/package-lock.json" || [ ! -d "$folder/node_modules/oidc-provider" ]; then
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
cd "$folder"
FELUCCA_BUILD=$build node --test --test-reporter=spec ${FELUCCA_SCENES:+--test-name-pattern="$FELUCCA_SCENES"} login.test.js
