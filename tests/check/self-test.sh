#!/bin/sh
# self-test - the checks can fail: each finds a violation planted in a small tree of its own, and nothing in
# the tree without it.
#
# Usage: self-test.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
status=0
planted=0

# A tree that keeps all rules.
fresh()
{
    rm -rf "$tree"
    mkdir -p "$tree/common/base" "$tree/common/spool" "$tree/common/wire" "$tree/common/kheops" \
        "$tree/common/http" "$tree/common/dicom" "$tree/cmake" "$tree/docs" "$tree/scripts" "$tree/.ci"
    cp "$root/cmake/rooms.cmake" "$tree/cmake"
    cp "$root/.clang-format" "$tree"
    cp "$root/common/base/banned.h" "$tree/common/base"
    cp -r "$root/monitoring" "$tree"
    mkdir "$tree/common/config"
    cp "$root/common/config/processes.h" "$tree/common/config"
    mkdir "$tree/packaging"
    cp -r "$root/packaging/systemd" "$tree/packaging"
    cp "$root/docker-compose.yml" "$tree"
    printf '/* err - the error codes. */\n#ifndef ERR_H\n#define ERR_H\n\nenum err { ERR_IO = -1 };\n\n#endif\n' \
        >"$tree/common/base/err.h"
    for process in $(cd "$root" && folders_of_programs); do
        mkdir "$tree/$process"
        printf '/* %s - a story. */\n#include "common/base/err.h"\n\nint main(void)\n{\n    return 0;\n}\n' \
            "$process" >"$tree/$process/main.c"
    done
    printf 'sqlite3 run\n' >"$tree/packages.txt"
    printf 'See [the page](docs/page.md) and `common/base/err.h`, not [the web](https://example.org/a).\n' >"$tree/README.md"
    echo 'A page: `felucca up`, `make demo`, `log.level`, `felucca_jobs`.' >"$tree/docs/page.md"
    printf '/* X(up) */\n' >"$tree/cli/command.h"
    printf 'demo:\n' >"$tree/Makefile"
    printf '| `felucca_jobs` | gauge |\n' >"$tree/docs/metrics.md"
    grep '^## [A-Z][a-z]*, port' "$root/docs/metrics.md" >>"$tree/docs/metrics.md"
    grep '^| `felucca-' "$root/docs/architecture.md" >"$tree/docs/architecture.md"
    printf '## log\n| `level` | word |\n' >"$tree/docs/configuration.md"
    printf '#!/bin/sh\necho good\n' >"$tree/scripts/good.sh"
    chmod +x "$tree/scripts/good.sh"
}

# run CHECK: its exit status is this function's.
run()
{
    case $1 in
    headers | banned) sh "$here/$1.sh" "$tree" "$build" ;;
    *) sh "$here/$1.sh" "$tree" ;;
    esac >"$tree.out" 2>&1
}

# plant CHECK LABEL FILE LINE [NAME]: with the line appended to the file, the check fails and names the file
# (or NAME). plant_more: the same in the tree as it is.
plant()
{
    fresh
    plant_more "$@"
}

plant_more()
{
    mkdir -p "$(dirname "$tree/$3")"
    printf '%s\n' "$4" >>"$tree/$3"
    planted=$((planted + 1))
    if run "$1"; then
        echo "$1 does not notice: $2"
        status=1
    elif ! grep -qF "${5:-$3}" "$tree.out"; then
        echo "$1 fails without naming ${5:-$3}: $2"
        cat "$tree.out"
        status=1
    fi
}

for check in processes roles layers circles headers format function-size banned main-size words scripts packages docs monitoring; do
    fresh
    run "$check" || { echo "$check fails in a tree that keeps the rules:"; cat "$tree.out"; status=1; }
done

plant layers 'a base file looks up' common/base/err.h '#include "common/spool/spool.h"'
plant layers 'one process includes another' sender/main.c '#include "router/main.c"'
plant layers 'an include that is not from the root' router/main.c '#include "main.c"'
plant layers 'SQLite outside the database module' router/main.c '#include <sqlite3.h>'
plant layers 'SQLite in the database module, past its four files' common/jobs/read.c '#include <sqlite3.h>' '<sqlite3.h> has one owner'
plant layers 'the router moves a row by itself' router/main.c '#include "common/jobs/move.h"' '<common/jobs/move.h> has one owner'
plant layers 'ZeroMQ outside the bus' sender/main.c '#include <zmq.h>'
plant layers 'curl outside the HTTP client' sharer/main.c '#include <curl/curl.h>'
plant layers 'DCMTK in C' receiver/main.c '#include <dcmtk/dcmdata/dctk.h>'
plant layers 'libyaml outside the configuration reader' common/spool/spool.c '#include <yaml.h>'
plant layers 'jansson outside its owner' cli/main.c '#include <jansson.h>'
plant layers 'microhttpd outside the metrics server' common/spool/spool.c '#include <microhttpd.h>'
plant layers 'Check outside the tests' common/base/err.c '#include <check.h>'
plant layers 'C++ outside the bridges' common/spool/spool.cc 'int x;'
plant layers 'SQL outside the database module' router/main.c 'const char *q = "SELECT 1 FROM delivery";'
plant layers 'the database in the receiver' receiver/main.c '#include "common/jobs/jobdb.h"'
plant layers 'a folder that is no room' common/attic/attic.c 'int x;'
plant layers 'curl in the router' router/main.c '#include "common/http/http.h"'
plant layers 'secrets in the router' router/main.c '#include "common/config/secret.h"'

# Two steps away: the router includes what tokens mean, and that includes who asks.
fresh
printf '/* far - a header. */\n#include "common/http/http.h"\n' >"$tree/common/kheops/far.h"
printf '/* http - a client. */\n' >"$tree/common/http/http.h"
plant_more layers 'curl in the router, two steps away' router/main.c '#include "common/kheops/far.h"' 'common/http/http.h'

plant processes 'a process that is no program' common/config/processes.h \
    '    X(CAPTAIN, "captain", ONE, 4, FIRST, 0, "", "")' 'captain/main.c is not there'
plant processes 'a program that is no process' cmake/rooms.cmake "$(printf 'set(program_table\n    "captain | base |"\n)')" \
    'felucca-captain has no row'
plant processes 'a port twice' common/config/processes.h '    X(SENDER, "sender", MANY, 1, SECOND, 0, "", "")' \
    'two processes have the port 1'
for page in docs/architecture.md docs/metrics.md monitoring/prometheus.yml; do
    fresh
    sed -i '/[Ss]ender/d' "$tree/$page"
    plant_more processes "$page says nothing of a process" "$page" ' ' 'felucca-sender'
done

fresh
sed -i 's| /run/felucca/control$||' "$tree/packaging/systemd/felucca-receiver.service.in"
plant_more roles 'a unit that shows a socket too many' docs/page.md ' ' 'does not hide run/control, which the receiver'
fresh
sed -i 's|"hints:/run/felucca/hints:ro"|"work:/run/felucca/work:ro"|' "$tree/docker-compose.yml"
plant_more roles 'a service with the wrong volume' docs/page.md ' ' 'the receiver has the volume work'

# A circle of three files.
fresh
for pair in 'hen egg' 'egg nest' 'nest hen'; do
    printf '/* %s - a part. */\n#include "router/%s.h"\n' "${pair%% *}" "${pair##* }" >"$tree/router/${pair%% *}.h"
done
plant_more circles 'files that include each other' router/main.c '#include "router/hen.h"' 'router/egg is in a circle'

plant headers 'a header that needs another' common/base/needy.h 'struct needy { struct text text; };'
plant format 'bad indentation' common/base/err.c 'int   f( void ) ;'
plant words 'a note to oneself' cli/main.c '/* TODO: later */'
plant words 'a path of one machine' docs/page.md 'see /root/notes'
plant words 'a package host' scripts/good.sh '# pypi.org'
plant words 'a real token' docs/page.md 'Authorization: Bearer aB3dE6gH9jK2mN5pQ8sT1v'
plant scripts 'a syntax error' scripts/good.sh 'if then'
plant scripts 'no shell named' scripts/bad.sh 'echo bad'
plant scripts 'a shellcheck warning' scripts/good.sh 'cd $1 && x=`ls` && [ $x == 1 ]'
plant packages 'an unknown kind' packages.txt 'curl later'
plant packages 'a name twice' packages.txt 'sqlite3 run'
plant docs 'a dead link' README.md '[gone](docs/gone.md)'
plant docs 'a path that is not there' docs/page.md 'See `common/base/gone.h`.'
plant docs 'a command that is not there' docs/page.md 'Run `felucca fly`.'
plant docs 'the same in a block' docs/page.md '    felucca fly --high'
plant docs 'a target that is not there' docs/page.md 'Run `make fly`.'
plant docs 'a key that is not there' docs/page.md 'Set `log.height`.'
plant docs 'a metric that is not there' docs/page.md 'Look at `felucca_flights`.'
plant docs 'a page that a source names' common/base/err.h '/* docs/gone.md */'
plant monitoring 'a rule that is no expression' monitoring/alerts.yml '      - { alert: Broken, expr: "sum(" }' alerts.yml
plant monitoring 'an alert that nothing tries' monitoring/alerts.yml "$(printf '      - alert: Untried\n        expr: up')" \
    'nothing tries Untried'
plant monitoring 'a test that does not hold' monitoring/alerts_test.yml "$(printf '  - alert_rule_test:\n      - %s' \
    '{ eval_time: 1m, alertname: FeluccaJobsFailed, exp_alerts: [{}] }')" alerts_test.yml
plant main-size 'a long main' sender/main.c "$(yes 'int x;' | head -n 41)"

plant function-size 'a long function' cli/main.c "$(printf 'int longer(int x)\n{\n'
    yes '    x++;' | head -n 66
    echo '}')" 'longer has 66 lines'
plant function-size 'a long one in a class' sender/long.cc "$(printf 'struct s {\n    int longer(int x) const\n    {\n'
    yes '        x++;' | head -n 66
    printf '    }\n};\n')"
plant function-size 'many parameters' cli/main.c "$(printf 'int many(int a, int b, int c, int d,\n')
$(printf '         int e, int f, int g, int h, int i)\n{\n}\n')" 'more than 8 parameters'
plant banned 'a ban without effect' common/base/banned.h '#undef strncat' 'strncat is not banned'

fresh
sed -i '/strcpy/d' "$tree/common/base/banned.h"
planted=$((planted + 1))
if run banned; then
    echo "banned does not notice: strcpy is allowed"
    status=1
fi

rm -f "$tree.out"
echo "$planted violations planted"
exit $status
