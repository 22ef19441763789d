/* parts - what a notifier (notifier.h) has beside what every worker process has. */
#ifndef FELUCCA_NOTIFIER_PARTS_H
#define FELUCCA_NOTIFIER_PARTS_H

#include "notifier/gauges.h"
#include "common/notify/sending.h"
#include "notifier/silence.h"

struct notifier {
    struct notifier_gauges *gauges;
    struct silence *silence;
    struct logins *logins;
};

/* With what a notice goes now. */
struct worker_process;
struct sending_means notifier_means(const struct worker_process *process);

#endif
