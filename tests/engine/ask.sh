# ask - questions to the simulated KHEOPS, and to JSON: to be sourced after engine.sh. $site is a folder to write to.
# shellcheck disable=SC2154 # site: of run.sh

admin_port=8043

ask_kheops() { on_host curl -sf "http://127.0.0.1:$admin_port/sim/$1"; }
tell_kheops() { on_host curl -sf -o /dev/null --data "$2" "http://127.0.0.1:$admin_port/sim/$1"; }

# from_json EXPRESSION: SQL on the JSON text :j from standard input.
from_json()
{
    cat >"$site/json"
    sqlite3 -batch -noheader :memory: "SELECT $1 FROM (SELECT CAST(readfile('$site/json') AS TEXT) AS j)"
}
