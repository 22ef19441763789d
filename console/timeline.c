#include "console/timeline.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <stdlib.h>

enum {
    FOLD_SHARE = 4, /* idle time is folded while it is at least this part of what would be drawn */
    WIDTH_LEAST = 3 /* of a segment, in nearests */
};

void timeline_release(struct timeline *line)
{
    memory_free(&line->segments);
    memory_free(&line->clusters);
    *line = (struct timeline){0};
}

/* ---- folds ---- */

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Each time once, in order; is then yours. */
static int64_t *times_of(const struct timeline_mark *marks, size_t count, size_t *ret_count)
{
    int64_t *times = memory_new(count, sizeof *times);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        times[i] = marks[i].at;
    qsort(times, count, sizeof *times, compare_times);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || times[kept - 1] != times[i])
            times[kept++] = times[i];
    *ret_count = kept;
    return times;
}

static double between(int64_t from, int64_t until)
{
    return (double)until - (double)from;
}

/* The longest time between two neighbours that is not folded yet: the index of the second one; 0: there is none. */
static size_t longest_gap(const int64_t *times, size_t count, const bool *folded)
{
    size_t longest = 0;
    for (size_t i = 1; i < count; i++)
        if (!folded[i] &&
            (longest == 0 || between(times[i - 1], times[i]) > between(times[longest - 1], times[longest])))
            longest = i;
    return longest;
}

/* Which times begin a segment. How many folds there are. */
static size_t choose_folds(const int64_t *times, size_t count, const struct timeline_style *style,
                           bool *folded)
{
    double drawn = between(times[0], times[count - 1]);
    size_t folds = 0;
    for (; folds < style->folds; folds++) {
        size_t gap = longest_gap(times, count, folded);
        double idle = gap > 0 ? between(times[gap - 1], times[gap]) : 0;
        if (gap == 0 || idle < (double)style->idle || idle < drawn / FOLD_SHARE)
            break;
        folded[gap] = true;
        drawn -= idle;
    }
    return folds;
}

/* ---- segments ---- */

/* Half of the room is shared by time, half by how much happened. */
static void lay_segments(struct timeline *line, const int64_t *times, size_t count, const bool *folded,
                         const struct timeline_style *style)
{
    size_t index = 0, begin = 0;
    double drawn = 0, x = 0;
    double room = style->width - (double)(line->segment_count - 1) * style->fold -
                  (double)line->segment_count * WIDTH_LEAST * style->nearest;
    for (size_t i = 1; i <= count; i++)
        drawn += i < count && !folded[i] ? between(times[i - 1], times[i]) : 0;
    for (size_t i = 1; i <= count; i++) {
        if (i < count && !folded[i])
            continue;
        double happened = (double)(i - begin) / (double)count;
        double lasted = drawn > 0 ? between(times[begin], times[i - 1]) / drawn : happened;
        double width = WIDTH_LEAST * style->nearest + room * (happened + lasted) / 2;
        line->segments[index++] = (struct timeline_segment){times[begin], times[i - 1], x, width};
        x += width + style->fold;
        begin = i;
    }
}

static void make_segments(struct timeline *line, const struct timeline_mark *marks, size_t count,
                          const struct timeline_style *style)
{
    size_t different;
    AUTO(memory_free) int64_t *times = times_of(marks, count, &different);
    AUTO(memory_free) bool *folded = memory_new(different, sizeof *folded);
    line->margin = style->nearest / 2;
    line->segment_count = choose_folds(times, different, style, folded) + 1;
    line->segments = memory_new(line->segment_count, sizeof *line->segments);
    lay_segments(line, times, different, folded, style);
}

/* The first segment that ends at this time or later, else the last. */
static const struct timeline_segment *segment_at(const struct timeline *line, int64_t at)
{
    for (size_t i = 0; i + 1 < line->segment_count; i++)
        if (at <= line->segments[i].until ||
            between(line->segments[i].until, at) < between(at, line->segments[i + 1].from))
            return &line->segments[i];
    return &line->segments[line->segment_count - 1];
}

double timeline_x(const struct timeline *line, int64_t at)
{
    const struct timeline_segment *segment = segment_at(line, at);
    double lasts = between(segment->from, segment->until);
    double part = lasts > 0 ? between(segment->from, at) / lasts : 0;
    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return segment->x + line->margin + part * (segment->width - 2 * line->margin);
}

/* ---- clusters ---- */

static int compare_marks(const void *a, const void *b)
{
    const struct timeline_mark *left = a, *right = b;
    if (left->lane != right->lane)
        return left->lane < right->lane ? -1 : 1;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    return left->kind < right->kind ? -1 : left->kind > right->kind;
}

/* Into the cluster before it, when that is of the lane and too near. A cluster's middle moves only to the right, away from those
 * before it, so that what was far enough stays so. */
static bool joins(struct timeline_cluster *last, unsigned lane, double x, double nearest)
{
    if (last->lane != lane || x - last->x >= nearest)
        return false;
    last->count++;
    last->end = x;
    last->x = (last->begin + x) / 2;
    return true;
}

static void make_clusters(struct timeline *line, const struct timeline_mark *marks, size_t count,
                          double nearest)
{
    size_t capacity = 0;
    for (size_t i = 0; i < count; i++) {
        double x = timeline_x(line, marks[i].at);
        if (line->cluster_count > 0 &&
            joins(&line->clusters[line->cluster_count - 1], marks[i].lane, x, nearest))
            continue;
        line->clusters =
            memory_grow(line->clusters, &capacity, line->cluster_count + 1, sizeof *line->clusters);
        line->clusters[line->cluster_count++] = (struct timeline_cluster){marks[i].lane, i, 1, x, x, x};
    }
}

void timeline_lay(struct timeline_mark *marks, size_t count, const struct timeline_style *style,
                  struct timeline *ret_line)
{
    *ret_line = (struct timeline){0};
    if (count == 0)
        return;
    qsort(marks, count, sizeof *marks, compare_marks);
    make_segments(ret_line, marks, count, style);
    make_clusters(ret_line, marks, count, style->nearest);
}

/* ---- labels ---- */

static bool has_room(const struct timeline_label *labels, size_t count, const struct timeline_label *label,
                     double gap)
{
    for (size_t i = 0; i < count; i++) {
        double apart = labels[i].x > label->x ? labels[i].x - label->x : label->x - labels[i].x;
        if (labels[i].is_shown && apart < (labels[i].width + label->width) / 2 + gap)
            return false;
    }
    return true;
}

/* The heaviest that was not tried, the leftmost of these; NULL: none is left. */
static struct timeline_label *next_label(struct timeline_label *labels, size_t count, const bool *tried)
{
    struct timeline_label *next = NULL;
    for (size_t i = 0; i < count; i++)
        if (!tried[i] && (!next || labels[i].weight > next->weight ||
                          (labels[i].weight == next->weight && labels[i].x < next->x)))
            next = &labels[i];
    return next;
}

void timeline_place(struct timeline_label *labels, size_t count, double end, double gap)
{
    if (count == 0)
        return;
    AUTO(memory_free) bool *tried = memory_new(count, sizeof *tried);
    struct timeline_label *label;
    for (size_t i = 0; i < count; i++)
        labels[i].is_shown = false;
    while ((label = next_label(labels, count, tried))) {
        tried[label - labels] = true;
        double half = label->width / 2;
        label->x = label->x > end - half ? end - half : label->x;
        label->x = label->x < half ? half : label->x;
        label->is_shown = label->width <= end && has_room(labels, count, label, gap);
    }
}
