#!/bin/sh
# monitoring - Prometheus' own tool accepts the configuration and the rules, and every alert is tried by a test:
# once quiet, once firing. (That the metrics in them exist, test_metrics_pages sees.)
#
# Usage: monitoring.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
need promtool
cd "$1/monitoring"
status=0

tool()
{
    output=$(promtool "$@" 2>&1) && return
    echo "promtool $*: $output"
    status=1
}

tool check config prometheus.yml
tool check rules alerts.yml
tool test rules alerts_test.yml
tool test rules alerts_days_test.yml
for alert in $(sed -n 's/^ *- alert: *//p' alerts.yml); do
    [ "$(cat alerts_test.yml alerts_days_test.yml | grep -c "^ *alertname: $alert\$")" -ge 2 ] && continue
    echo "alerts_test.yml: nothing tries $alert"
    status=1
done
exit $status
