/* parts - what a notifier (notifier.h) has beside what every worker process has. */
#ifndef FELUCCA_NOTIFIER_PARTS_H
#define FELUCCA_NOTIFIER_PARTS_H

#include "notifier/gauges.h"
#include "notifier/silence.h"

struct notifier {
    struct notifier_gauges *gauges;
    struct silence *silence;
};

#endif
