/* timeline - many times on a line of a given width: where each is drawn, which of them are one mark, and which idle time is
 * folded away. Pure: times in, positions out.
 *
 * The line is made of segments, from left to right in the order of time. Time runs evenly within one; between two of them idle
 * time, in which nothing is marked in any lane, is folded. A longer segment is wider, and so is one in which more happened.
 *
 * Marks of a lane that would touch become one cluster, which stands in their middle. No two clusters of a lane are nearer than
 * the style says, and a cluster spans at most twice that. Times are what clocks said: one that leapt back puts what came later
 * further left. Costs n log n. */
#ifndef FELUCCA_CONSOLE_TIMELINE_H
#define FELUCCA_CONSOLE_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timeline_mark {
    int64_t at;    /* wall ms */
    unsigned lane; /* the caller's */
    unsigned kind; /* the caller's */
    int64_t count; /* the caller's: of how many things */
};

/* In one unit of length, the caller's. */
struct timeline_style {
    double width;   /* of the whole line; at least (folds + 1) * (3 * nearest + fold) */
    double nearest; /* between two marks of a lane */
    double fold;    /* of a folded time */
    size_t folds;   /* at most so many */
    int64_t idle;   /* ms; shorter ones are never folded */
};

struct timeline_segment {
    int64_t from, until; /* the first and last mark of it */
    double x, width;     /* marks keep half of nearest from its ends */
};

/* marks[first] to marks[first + count - 1], which are of one lane and beside each other in time. */
struct timeline_cluster {
    unsigned lane;
    size_t first, count;
    double x, begin, end; /* its middle, its first and last mark */
};

struct timeline {
    struct timeline_segment *segments;
    struct timeline_cluster *clusters; /* by lane, then by x */
    size_t segment_count, cluster_count;
    double margin; /* what marks keep from a segment's ends */
};

/* Sorts the marks by lane and time. Without marks there is neither segment nor cluster. */
void timeline_lay(struct timeline_mark *marks, size_t count, const struct timeline_style *style,
                  struct timeline *ret_line);
void timeline_release(struct timeline *line);

/* Where a time stands; in folded time: at the fold's nearer end. */
double timeline_x(const struct timeline *line, int64_t at);

/* Texts that want to stand centred at x. */
struct timeline_label {
    double x, width;
    int weight;
    bool is_shown;
};

/* Shows as many as fit between 0 and end with a gap between each two: the heavier before the lighter, then from the left. One that
 * would stick out is moved inwards. */
void timeline_place(struct timeline_label *labels, size_t count, double end, double gap);

#endif
