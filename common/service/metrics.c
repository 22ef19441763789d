#include "common/service/metrics.h"

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/fnv.h"
#include "common/base/memory.h"
#include "common/service/metrics_http.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "felucca_"

enum { BOUNDS_MAX = 16 };

struct bounds {
    const char *suffix;
    size_t count;
    double at[BOUNDS_MAX];
};

static const struct bounds all_bounds[] = {
    {"_seconds", 16, {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200}},
    {"_bytes", 9, {1 << 10, 1 << 13, 1 << 16, 1 << 19, 1 << 22, 1 << 25, 1 << 28, 1 << 30, 4294967296.0}},
    {"", 10, {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}},
};

static const struct bounds quick_bounds = {
    "_seconds",
    16,
    {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5}};

/* One label combination. */
struct sample {
    uint64_t hash;
    char *values[METRIC_LABELS_MAX];
    double value; /* histogram: the sum */
    uint64_t count, buckets[BOUNDS_MAX];
};

struct metric {
    struct metrics *owner;
    struct metric *next;
    enum metric_kind kind;
    char *name, *help;
    char *labels[METRIC_LABELS_MAX];
    size_t label_count;
    const struct bounds *bounds;
    struct sample *samples;
    size_t count, capacity;
};

struct metrics {
    pthread_mutex_t lock; /* of everything below */
    struct metric *first, **last;
    int64_t progress_ms, patience_ms;
    bool ready, has_cell, cell_works;
    struct metrics_http *server;
};

struct metrics *metrics_create(void)
{
    struct metrics *metrics = memory_new(1, sizeof *metrics);
    int code = pthread_mutex_init(&metrics->lock, NULL);
    assert(code == 0);
    (void)code;
    metrics->last = &metrics->first;
    metrics->progress_ms = clock_monotonic_ms();
    metrics->patience_ms = METRICS_PATIENCE_MS;
    return metrics;
}

static void free_samples(struct metric *metric)
{
    for (size_t i = 0; i < metric->count; i++)
        for (size_t l = 0; l < metric->label_count; l++)
            free(metric->samples[i].values[l]);
    metric->count = 0;
}

static void free_metric(struct metric *metric)
{
    free_samples(metric);
    for (size_t l = 0; l < metric->label_count; l++)
        free(metric->labels[l]);
    free(metric->samples);
    free(metric->name);
    free(metric->help);
    free(metric);
}

void metrics_destroy(struct metrics **metrics)
{
    if (!*metrics)
        return;
    metrics_http_destroy(&(*metrics)->server);
    for (struct metric *metric = (*metrics)->first, *next; metric; metric = next) {
        next = metric->next;
        free_metric(metric);
    }
    (void)pthread_mutex_destroy(&(*metrics)->lock);
    free(*metrics);
    *metrics = NULL;
}

static void lock(struct metrics *metrics)
{
    int code = pthread_mutex_lock(&metrics->lock);
    assert(code == 0);
    (void)code;
}

static void unlock(struct metrics *metrics)
{
    (void)pthread_mutex_unlock(&metrics->lock);
}

/* ---- families and samples ---- */

static const struct bounds *bounds_of(enum metric_kind kind, const char *name)
{
    const struct bounds *bounds = all_bounds;
    if (kind == METRIC_QUICK_HISTOGRAM)
        return &quick_bounds;
    while (!string_ends_with(name, bounds->suffix))
        bounds++;
    return bounds;
}

static uint64_t hash_of(const struct metric *metric, const char *const *values)
{
    uint64_t hash = FNV_START;
    for (size_t l = 0; l < metric->label_count; l++)
        hash = fnv_byte(fnv_text(hash, values && values[l] ? values[l] : ""), '\0');
    return hash;
}

static bool is_sample(const struct metric *metric, const struct sample *sample, const char *const *values)
{
    for (size_t l = 0; l < metric->label_count; l++)
        if (strcmp(sample->values[l], values && values[l] ? values[l] : "") != 0)
            return false;
    return true;
}

/* The sample of these values, made when it is not there; NULL when there are too many. */
static struct sample *sample_of(struct metric *metric, const char *const *values)
{
    uint64_t hash = hash_of(metric, values);
    for (size_t i = 0; i < metric->count; i++)
        if (metric->samples[i].hash == hash && is_sample(metric, &metric->samples[i], values))
            return &metric->samples[i];
    if (metric->count == METRIC_SAMPLES_MAX)
        return NULL;
    metric->samples =
        memory_grow(metric->samples, &metric->capacity, metric->count + 1, sizeof *metric->samples);
    struct sample *sample = &metric->samples[metric->count++];
    *sample = (struct sample){.hash = hash};
    for (size_t l = 0; l < metric->label_count; l++)
        sample->values[l] = memory_string(values && values[l] ? values[l] : "");
    return sample;
}

static struct metric *metrics_find(struct metrics *metrics, const char *name)
{
    struct metric *metric = metrics->first;
    while (metric && strcmp(metric->name, name) != 0)
        metric = metric->next;
    return metric;
}

struct metric *metrics_add(struct metrics *metrics, enum metric_kind kind, const char *name, const char *help,
                           const char *const *labels)
{
    assert(name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
    lock(metrics);
    struct metric *metric = metrics_find(metrics, name);
    if (!metric) {
        metric = memory_new(1, sizeof *metric);
        metric->owner = metrics;
        metric->kind = kind;
        metric->name = memory_string(name);
        metric->help = memory_string(help);
        metric->bounds = bounds_of(kind, name);
        for (; labels && labels[metric->label_count]; metric->label_count++) {
            assert(metric->label_count < METRIC_LABELS_MAX);
            metric->labels[metric->label_count] = memory_string(labels[metric->label_count]);
        }
        /* A family without labels has its sample from the start, so that its first increase can be seen. */
        if (metric->label_count == 0)
            (void)sample_of(metric, NULL);
        *metrics->last = metric;
        metrics->last = &metric->next;
    }
    assert(metric->kind == kind);
    unlock(metrics);
    return metric;
}

void metric_add(struct metric *metric, const char *const *values, double amount)
{
    if (metric->kind == METRIC_COUNTER && !(amount >= 0))
        return;
    lock(metric->owner);
    struct sample *sample = sample_of(metric, values);
    if (sample)
        sample->value += amount;
    unlock(metric->owner);
}

void metric_set(struct metric *metric, const char *const *values, double value)
{
    lock(metric->owner);
    struct sample *sample = sample_of(metric, values);
    if (sample)
        sample->value = value;
    unlock(metric->owner);
}

void metric_observe(struct metric *metric, const char *const *values, double value)
{
    if (isnan(value))
        return;
    lock(metric->owner);
    struct sample *sample = sample_of(metric, values);
    if (sample) {
        size_t bucket = 0;
        while (bucket < metric->bounds->count && value > metric->bounds->at[bucket])
            bucket++;
        if (bucket < metric->bounds->count)
            sample->buckets[bucket]++;
        sample->count++;
        sample->value += value;
    }
    unlock(metric->owner);
}

void metric_clear(struct metric *metric)
{
    lock(metric->owner);
    free_samples(metric);
    unlock(metric->owner);
}

/* ---- the text format ---- */

static void append_escaped(struct text *out, const char *value, bool quotes)
{
    for (; *value; value++) {
        if (*value == '\\')
            text_append(out, "\\\\");
        else if (*value == '\n')
            text_append(out, "\\n");
        else if (*value == '"' && quotes)
            text_append(out, "\\\"");
        else
            text_append_char(out, *value);
    }
}

static void append_number(struct text *out, double value)
{
    if (isnan(value))
        text_append(out, "NaN");
    else if (isinf(value))
        text_append(out, value > 0 ? "+Inf" : "-Inf");
    else if (value == floor(value) && fabs(value) < 1e15)
        text_format(out, "%.0f", value);
    else
        text_format(out, "%.15g", value);
}

/* felucca_name_suffix{label="value",le="bound"}, with le only where a bound is given. */
static void append_name(struct text *out, const struct metric *metric, const struct sample *sample,
                        const char *suffix, const double *bound)
{
    const char *separator = "{";
    text_format(out, PREFIX "%s%s", metric->name, suffix);
    for (size_t l = 0; l < metric->label_count; l++) {
        text_format(out, "%s%s=\"", separator, metric->labels[l]);
        append_escaped(out, sample->values[l], true);
        text_append_char(out, '"');
        separator = ",";
    }
    if (bound) {
        text_format(out, "%sle=\"", separator);
        append_number(out, *bound);
        text_append_char(out, '"');
        separator = ",";
    }
    if (separator[0] == ',')
        text_append_char(out, '}');
    text_append_char(out, ' ');
}

static void append_histogram(struct text *out, const struct metric *metric, const struct sample *sample)
{
    uint64_t below = 0;
    for (size_t b = 0; b < metric->bounds->count; b++) {
        below += sample->buckets[b];
        append_name(out, metric, sample, "_bucket", &metric->bounds->at[b]);
        text_format(out, "%" PRIu64 "\n", below);
    }
    append_name(out, metric, sample, "_bucket", &(double){INFINITY});
    text_format(out, "%" PRIu64 "\n", sample->count);
    append_name(out, metric, sample, "_sum", NULL);
    append_number(out, sample->value);
    text_append_char(out, '\n');
    append_name(out, metric, sample, "_count", NULL);
    text_format(out, "%" PRIu64 "\n", sample->count);
}

static void append_family(struct text *out, const struct metric *metric)
{
    static const char *const kinds[] = {[METRIC_COUNTER] = "counter",
                                        [METRIC_GAUGE] = "gauge",
                                        [METRIC_HISTOGRAM] = "histogram",
                                        [METRIC_QUICK_HISTOGRAM] = "histogram"};
    text_format(out, "# HELP " PREFIX "%s ", metric->name);
    append_escaped(out, metric->help, false);
    text_format(out, "\n# TYPE " PREFIX "%s %s\n", metric->name, kinds[metric->kind]);
    for (size_t i = 0; i < metric->count; i++) {
        if (metric->kind >= METRIC_HISTOGRAM) {
            append_histogram(out, metric, &metric->samples[i]);
        } else {
            append_name(out, metric, &metric->samples[i], "", NULL);
            append_number(out, metric->samples[i].value);
            text_append_char(out, '\n');
        }
    }
}

void metrics_print(struct metrics *metrics, struct text *out)
{
    lock(metrics);
    for (const struct metric *metric = metrics->first; metric; metric = metric->next)
        append_family(out, metric);
    unlock(metrics);
}

/* ---- health ---- */

void metrics_progress(struct metrics *metrics, bool ready)
{
    lock(metrics);
    metrics->progress_ms = clock_monotonic_ms();
    metrics->ready = ready;
    unlock(metrics);
}

void metrics_set_patience(struct metrics *metrics, int64_t milliseconds)
{
    lock(metrics);
    metrics->patience_ms = milliseconds;
    unlock(metrics);
}

bool metrics_is_healthy(struct metrics *metrics)
{
    lock(metrics);
    bool healthy = clock_monotonic_ms() - metrics->progress_ms <= metrics->patience_ms;
    unlock(metrics);
    return healthy;
}

void metrics_set_cell(struct metrics *metrics, bool works)
{
    lock(metrics);
    metrics->has_cell = true;
    metrics->cell_works = works;
    unlock(metrics);
}

bool metrics_is_ready(struct metrics *metrics)
{
    bool healthy = metrics_is_healthy(metrics);
    lock(metrics);
    bool ready = metrics->ready;
    unlock(metrics);
    return healthy && ready;
}

static void print_page(void *context, struct text *out)
{
    metrics_print(context, out);
}

static bool page_is_healthy(void *context)
{
    return metrics_is_healthy(context);
}

static bool page_is_ready(void *context)
{
    return metrics_is_ready(context);
}

static enum page_cell page_cell(void *context)
{
    struct metrics *metrics = context;
    bool ready = metrics_is_ready(metrics);
    lock(metrics);
    bool has_cell = metrics->has_cell, works = metrics->cell_works;
    unlock(metrics);
    return !has_cell ? PAGE_CELL_NONE
           : !ready  ? PAGE_CELL_UNREADY
           : !works  ? PAGE_CELL_IDLE
                     : PAGE_CELL_READY;
}

int metrics_serve(struct metrics *metrics, const char *bind, int port)
{
    assert(!metrics->server);
    const struct metrics_pages pages = {metrics, print_page, page_is_healthy, page_is_ready, page_cell};
    return metrics_http_create(&pages, bind, port, &metrics->server);
}

void metrics_rest(struct metrics *metrics)
{
    metrics_http_destroy(&metrics->server);
}

int metrics_port(const struct metrics *metrics)
{
    return metrics->server ? metrics_http_port(metrics->server) : 0;
}
