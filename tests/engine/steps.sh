# steps - a long test, step by step: to be sourced. $test_name is its name, $folder its folder; descriptors 3 and 4 are the
# test's own output while a step writes to $folder/step.log.
# shellcheck disable=SC2154 # test_name, folder: of who sources this

patience=120 # seconds that any wait may take on a busy machine
step_name=

say() { printf '%s\n' "$*"; }

fail()
{
    say "$test_name: $*" >&2
    exit 1
}

# wait_for SENTENCE COMMAND...: until the command succeeds.
wait_for()
{
    wait_sentence=$1
    shift
    wait_until=$(($(date +%s) + patience))
    until "$@"; do
        [ "$(date +%s)" -lt $wait_until ] || fail "$wait_sentence"
        sleep 0.2
    done
}

# step NAME COMMAND...: what it writes is shown only when it fails.
step()
{
    step_name=$1
    step_began=$(date +%s)
    shift
    exec >"$folder/step.log" 2>&1
    "$@"
    exec >&3 2>&4
    say "$(printf '%-16s %4d s' "$step_name" $(($(date +%s) - step_began)))"
}

# skip SENTENCE: of what cannot be here.
skip()
{
    exec >&3 2>&4
    say "$test_name: skipped: $*"
    exit 77
}
