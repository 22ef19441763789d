#!/bin/sh
# run - the models are checked by spin, and seen to be able to fail: work.pml is of router and workers, lanes.pml of what
# may be in flight at once, fence.pml of two routers on one state folder.
#
# Usage: run.sh safety|liveness|self-test
#
# Each row: jobs, workers, troubles (of lanes.pml: 1 1, which it does not look at; of fence.pml nothing of
# these, and TENURES is defined), and what is defined.
set -eu
models=$(cd "$(dirname "$0")" && pwd)
model=$models/work.pml
scratch=$(mktemp -d "${TMPDIR:-/tmp}/felucca-model-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# verify KIND JOBS WORKERS TROUBLES DEFINES...: prints what pan says; 0 when every state is as promised.
verify()
{
    kind=$1 jobs=$2 workers=$3 troubles=$4
    shift 4
    spin -a "-DJOBS=$jobs" "-DWORKERS=$workers" "-DTROUBLES=$troubles" "$@" "$model" >spin.log 2>&1 || { cat spin.log; exit 2; }
    if [ "$kind" = safety ]; then
        cc -O1 -w -DSAFETY -DCOLLAPSE -DNOCLAIM -o pan pan.c
        ./pan -m1000000 -w22 >pan.log 2>&1
    else
        cc -O1 -w -DCOLLAPSE -DNFAIR=4 -o pan pan.c
        ./pan -a -f -m1000000 -w22 >pan.log 2>&1
    fi
    grep -q 'max search depth too small\|out of memory\|Search not completed' pan.log && ! grep -q 'errors: [1-9]' pan.log && { cat pan.log; exit 2; }
    grep -q 'errors: 0' pan.log
}

holds()
{
    verify "$@" || { cat pan.log; echo "not as promised: $*"; exit 1; }
    echo "$*: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' pan.log) states"
}

fails()
{
    verify "$@" && { echo "nobody noticed: $*"; exit 1; }
    echo "$*: noticed"
}

case ${1:-} in
safety)
    holds safety 1 2 1
    holds safety 2 1 1
    holds safety 1 2 4 -DSLOW_TIMERS
    holds safety 2 1 2 -DSLOW_TIMERS
    model=$models/lanes.pml
    holds safety 1 1 4
    model=$models/fence.pml
    holds safety 1 1 0 -DTENURES=3
    holds safety 1 1 0 -DTENURES=2 -DLEAVES
    ;;
liveness)
    holds liveness 1 1 4 -DSLOW_TIMERS
    holds liveness 1 2 4 -DSLOW_TIMERS
    holds liveness 2 1 2 -DSLOW_TIMERS
    model=$models/lanes.pml
    holds liveness 1 1 3
    ;;
self-test)
    fails safety 2 1 1 -DSLOW_TIMERS -DACK_FIRST
    fails safety 2 1 2 -DSLOW_TIMERS -DCREDIT_COUNTED
    fails safety 2 1 1 -DSLOW_TIMERS -DANY_RESULT
    fails liveness 1 1 2 -DSLOW_TIMERS -DNO_RESEND
    fails liveness 1 1 2 -DSLOW_TIMERS -DNO_HOLD
    model=$models/lanes.pml
    fails safety 1 1 0 -DNO_STUDY
    fails safety 1 1 0 -DNO_FLIGHTS
    fails safety 1 1 0 -DNO_SIBLINGS
    fails liveness 1 1 0 -DNO_LANDING
    model=$models/fence.pml
    for broken in NO_CHECK NO_EXCL NO_SETTLE BEAT_RENAMES FROZEN; do
        fails safety 1 1 0 -DTENURES=3 "-D$broken"
    done
    ;;
*)
    echo "usage: run.sh safety|liveness|self-test" >&2
    exit 2
    ;;
esac
