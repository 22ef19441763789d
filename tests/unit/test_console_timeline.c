/* Laws of the line of time, which hold for all marks: they are made at random, from a seed that a failure names. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "console/timeline.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, HOUR = 3600 * SECOND, SEEDS = 60, MANY = 100000, LANES = 5 };

#define BEGIN 1767225600000LL
#define TINY  1e-6

static const struct timeline_style style = {
    .width = 900, .nearest = 14, .fold = 80, .folds = 4, .idle = 30 * SECOND};

static uint64_t state;

static uint64_t below(uint64_t bound)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % bound;
}

/* ---- the laws ---- */

static void ck_segments(const struct timeline *line, const struct timeline_mark *marks, size_t count)
{
    double x = 0;
    for (size_t i = 0; i < line->segment_count; i++) {
        const struct timeline_segment *segment = &line->segments[i];
        ck_assert_msg(segment->x > x - TINY && segment->x < x + TINY, "segment %zu begins at %f, not %f", i,
                      segment->x, x);
        ck_assert(segment->from <= segment->until && segment->width >= 3 * style.nearest - TINY);
        ck_assert(i == 0 || segment->from - line->segments[i - 1].until >= style.idle);
        x = segment->x + segment->width + style.fold;
    }
    ck_assert(x - style.fold > style.width - 1e-3 && x - style.fold < style.width + 1e-3);
    ck_assert_uint_le(line->segment_count, style.folds + 1);
    /* Nothing is marked in what is folded. */
    for (size_t i = 0; i < count; i++) {
        bool is_in = false;
        for (size_t s = 0; s < line->segment_count; s++)
            is_in =
                is_in || (marks[i].at >= line->segments[s].from && marks[i].at <= line->segments[s].until);
        ck_assert_msg(is_in, "mark %zu is in folded time", i);
    }
}

static void ck_clusters(const struct timeline *line, const struct timeline_mark *marks, size_t count)
{
    size_t next = 0;
    for (size_t i = 0; i < line->cluster_count; i++) {
        const struct timeline_cluster *cluster = &line->clusters[i], *last = i > 0 ? cluster - 1 : NULL;
        ck_assert_uint_eq(cluster->first, next); /* each mark is in exactly one */
        next += cluster->count;
        ck_assert(cluster->count > 0 && next <= count);
        for (size_t m = cluster->first; m < next; m++)
            ck_assert_uint_eq(marks[m].lane, cluster->lane);
        ck_assert(cluster->begin - TINY <= cluster->x && cluster->x <= cluster->end + TINY);
        ck_assert(cluster->begin >= -TINY && cluster->end <= style.width + TINY);
        ck_assert(cluster->end - cluster->begin < 2 * style.nearest + TINY);
        ck_assert(!last || cluster->lane >= last->lane);
        ck_assert_msg(!last || cluster->lane > last->lane || cluster->x - last->x >= style.nearest - TINY,
                      "clusters %zu and before are %f apart", i, cluster->x - last->x);
    }
    ck_assert_uint_eq(next, count);
}

/* Later is never further left. */
static void ck_order(const struct timeline *line, const struct timeline_mark *marks, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        double before = timeline_x(line, marks[i - 1].at), x = timeline_x(line, marks[i].at);
        ck_assert(marks[i - 1].lane < marks[i].lane ||
                  (marks[i - 1].at <= marks[i].at && before <= x + TINY));
    }
}

/* What was handed in is there, each as often. */
static void ck_kept(struct timeline_mark *before, const struct timeline_mark *after, size_t count)
{
    int64_t sum = 0, sums = 0, kinds = 0;
    for (size_t i = 0; i < count; i++) {
        sum += before[i].count - after[i].count;
        sums += before[i].at % 99991 - after[i].at % 99991;
        kinds += (int64_t)before[i].kind - (int64_t)after[i].kind;
    }
    ck_assert(sum == 0 && sums == 0 && kinds == 0);
}

static size_t ck_laws(struct timeline_mark *marks, size_t count, size_t *ret_clusters)
{
    struct timeline line;
    AUTO(memory_free) struct timeline_mark *before = memory_new(count + 1, sizeof *before);
    if (count > 0)
        memcpy(before, marks, count * sizeof *marks);
    timeline_lay(marks, count, &style, &line);
    ck_kept(before, marks, count);
    if (count > 0) {
        ck_segments(&line, marks, count);
        ck_clusters(&line, marks, count);
        ck_order(&line, marks, count);
    }
    size_t segments = line.segment_count;
    if (ret_clusters)
        *ret_clusters = line.cluster_count;
    timeline_release(&line);
    ck_assert_ptr_null(line.segments);
    return segments;
}

/* ---- at random ---- */

/* Bursts of very different lengths, with all sorts of pauses between them; sometimes the clock leaps back. */
static size_t make_marks(struct timeline_mark *marks, size_t most)
{
    size_t count = 1 + below(most);
    int64_t at = BEGIN;
    for (size_t i = 0; i < count; i++) {
        uint64_t what = below(100);
        at += what < 20   ? 0
              : what < 80 ? (int64_t)below(1500)
              : what < 95 ? (int64_t)below(40 * SECOND)
              : what < 98 ? (int64_t)below((uint64_t)90 * HOUR)
                          : -(int64_t)below((uint64_t)2 * HOUR);
        marks[i] = (struct timeline_mark){at, (unsigned)below(LANES), (unsigned)below(4), (int64_t)below(50)};
    }
    return count;
}

START_TEST(laws_hold_for_all_marks)
{
    static struct timeline_mark marks[400];
    state = (uint64_t)_i * 2654435761u + 88172645463325252u;
    size_t count = make_marks(marks, _i % 2 ? 12 : ROWS(marks));
    (void)ck_laws(marks, count, NULL);
}
END_TEST

START_TEST(a_hundred_thousand_are_laid_out)
{
    size_t clusters;
    AUTO(memory_free) struct timeline_mark *marks = memory_new(MANY, sizeof *marks);
    state = 7;
    for (size_t i = 0; i < MANY; i++)
        marks[i] =
            (struct timeline_mark){BEGIN + (int64_t)below((uint64_t)30 * HOUR), (unsigned)below(LANES), 0, 1};
    ck_assert_uint_eq(ck_laws(marks, MANY, &clusters), 1); /* evenly: nothing is idle */
    ck_assert_uint_ge(clusters, LANES * 30);
    ck_assert_uint_le(clusters, LANES * 65);
}
END_TEST

/* ---- one by one ---- */

START_TEST(no_mark_is_no_line)
{
    ck_assert_uint_eq(ck_laws(NULL, 0, NULL), 0);
}
END_TEST

START_TEST(one_mark_is_a_line)
{
    struct timeline_mark mark = {BEGIN, 3, 1, 9};
    size_t clusters;
    ck_assert_uint_eq(ck_laws(&mark, 1, &clusters), 1);
    ck_assert_uint_eq(clusters, 1);
}
END_TEST

START_TEST(all_at_once_are_one_of_each_lane)
{
    struct timeline_mark marks[1000];
    size_t clusters;
    for (size_t i = 0; i < ROWS(marks); i++)
        marks[i] = (struct timeline_mark){BEGIN, (unsigned)i % LANES, 0, 1};
    ck_assert_uint_eq(ck_laws(marks, ROWS(marks), &clusters), 1);
    ck_assert_uint_eq(clusters, LANES);
}
END_TEST

/* As in the morning, so two hours later: the time between is folded, and the minutes can be told apart. */
START_TEST(an_outage_is_folded)
{
    struct timeline_mark marks[20];
    struct timeline line;
    for (int i = 0; i < 20; i++)
        marks[i] = (struct timeline_mark){BEGIN + i * 10 * SECOND + (i < 10 ? 0 : 2 * HOUR), 0, 0, 1};
    timeline_lay(marks, ROWS(marks), &style, &line);
    ck_assert_uint_eq(line.segment_count, 2);
    ck_assert_uint_eq(line.cluster_count, 20);
    ck_assert_int_eq(line.segments[0].until, BEGIN + 90 * SECOND);
    ck_assert_int_eq(line.segments[1].from, BEGIN + 100 * SECOND + 2 * HOUR);
    ck_assert(timeline_x(&line, BEGIN - HOUR) < style.nearest);
    ck_assert(timeline_x(&line, BEGIN + 90 * HOUR) > style.width - style.nearest);
    double first = timeline_x(&line, BEGIN + HOUR / 2), second = timeline_x(&line, BEGIN + 2 * HOUR);
    ck_assert(first < line.segments[0].width && second > line.segments[1].x);
    timeline_release(&line);
}
END_TEST

START_TEST(short_or_even_pauses_are_not_folded)
{
    struct timeline_mark marks[20];
    for (int i = 0; i < 20; i++)
        marks[i] = (struct timeline_mark){BEGIN + i * HOUR, 0, 0, 1};
    ck_assert_uint_eq(ck_laws(marks, ROWS(marks), NULL), 1);
    marks[0].at = BEGIN;
    marks[1].at = BEGIN + style.idle - 1;
    ck_assert_uint_eq(ck_laws(marks, 2, NULL), 1);
    marks[1].at++;
    ck_assert_uint_eq(ck_laws(marks, 2, NULL), 2);
}
END_TEST

START_TEST(times_of_any_clock_are_taken)
{
    struct timeline_mark marks[] = {
        {INT64_MAX, 0, 0, 1}, {INT64_MIN, 0, 0, 1}, {0, 0, 0, 1}, {INT64_MAX, 1, 0, 1}};
    struct timeline line;
    timeline_lay(marks, ROWS(marks), &style, &line);
    ck_assert_uint_eq(line.cluster_count, 4);
    for (size_t i = 0; i < line.cluster_count; i++)
        ck_assert(line.clusters[i].x >= 0 && line.clusters[i].x <= style.width);
    timeline_release(&line);
}
END_TEST

/* ---- labels ---- */

START_TEST(labels_never_overlap)
{
    struct timeline_label labels[60];
    size_t shown = 0;
    state = (uint64_t)_i * 40503 + 99;
    for (size_t i = 0; i < ROWS(labels); i++)
        labels[i] = (struct timeline_label){(double)below(900), 8 + (double)below(60), (int)below(3), false};
    timeline_place(labels, ROWS(labels), 900, 4);
    for (size_t a = 0; a < ROWS(labels); a++) {
        shown += labels[a].is_shown;
        ck_assert(labels[a].x >= labels[a].width / 2 - TINY &&
                  labels[a].x <= 900 - labels[a].width / 2 + TINY);
        bool fits = true;
        for (size_t b = 0; b < ROWS(labels); b++) {
            double apart = labels[a].x > labels[b].x ? labels[a].x - labels[b].x : labels[b].x - labels[a].x;
            bool touches = a != b && apart < (labels[a].width + labels[b].width) / 2 + 4;
            ck_assert(!(labels[a].is_shown && labels[b].is_shown && touches));
            fits = fits && !(labels[b].is_shown && touches && labels[b].weight >= labels[a].weight);
        }
        ck_assert(labels[a].is_shown ||
                  !fits); /* what is left out had to give way to one at least as heavy */
    }
    ck_assert_uint_gt(shown, 5);
}
END_TEST

START_TEST(the_heavier_label_stays)
{
    struct timeline_label labels[] = {{100, 40, 1, false}, {110, 40, 2, false}, {400, 950, 9, false}};
    timeline_place(labels, ROWS(labels), 900, 4);
    ck_assert(!labels[0].is_shown && labels[1].is_shown && !labels[2].is_shown);
    timeline_place(labels, 0, 900, 4);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("console timeline");
    tests_rows(tests, laws_hold_for_all_marks, SEEDS);
    tests_add(tests, a_hundred_thousand_are_laid_out);
    tests_add(tests, no_mark_is_no_line);
    tests_add(tests, one_mark_is_a_line);
    tests_add(tests, all_at_once_are_one_of_each_lane);
    tests_add(tests, an_outage_is_folded);
    tests_add(tests, short_or_even_pauses_are_not_folded);
    tests_add(tests, times_of_any_clock_are_taken);
    tests_rows(tests, labels_never_overlap, SEEDS);
    tests_add(tests, the_heavier_label_stays);
    return tests_run(tests);
}
