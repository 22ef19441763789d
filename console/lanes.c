#include "console/lanes.h"

#include "common/base/memory.h"
#include "common/jobs/show.h"

#include <string.h>

void lanes_release(struct lanes *lanes)
{
    memory_free(&lanes->marks);
    *lanes = (struct lanes){.count = 0};
}

/* ---- lanes ---- */

static bool is_of(const char *name, const char *other)
{
    return name && other ? strcmp(name, other) == 0 : !name && !other;
}

static struct lanes_lane *find(struct lanes *lanes, const char *destination, const char *album)
{
    for (size_t i = LANES_JOBS; i < lanes->count; i++)
        if (is_of(lanes->list[i].destination, destination) && is_of(lanes->list[i].album, album))
            return &lanes->list[i];
    return NULL;
}

static bool is_waiting(const char *state)
{
    static const char *const states[] = {"queued", "sending", "waiting", "sharing"};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(states[i], state) == 0)
            return true;
    return false;
}

/* A lane for this goal, where there is none; what a destination does not take has none. */
static void add_goal(struct lanes *lanes, const json_t *goal)
{
    const char *destination = json_text(goal, "destination"), *album = json_text_or_null(goal, "album");
    const char *state = json_text(goal, "state");
    struct lanes_lane *lane = find(lanes, destination, album);
    if (strcmp(state, "excluded") == 0)
        return;
    if (!lane && lanes->count == LANES_MOST) {
        lanes->left_out++;
        return;
    }
    if (!lane) {
        lane = &lanes->list[lanes->count++];
        lane->destination = destination;
        lane->album = album;
    }
    lane->waiting += is_waiting(state) ? json_integer_value(json_object_get(goal, "count")) : 0;
}

/* Albums behind their destination. */
static void add_goals(struct lanes *lanes, const json_t *goals)
{
    json_t *goal, *other;
    size_t index, inner;
    const char *last = "";
    lanes->count = LANES_JOBS;
    json_array_foreach(goals, index, goal)
    {
        const char *destination = json_text(goal, "destination");
        if (json_text_or_null(goal, "album") || strcmp(destination, last) == 0)
            continue;
        last = destination;
        json_array_foreach(goals, inner, other)
        {
            if (strcmp(json_text(other, "destination"), destination) == 0)
                add_goal(lanes, other);
        }
    }
}

/* ---- marks ---- */

static enum lanes_kind kind_of(const char *what)
{
    static const struct {
        const char *what;
        enum lanes_kind kind;
    } kinds[] = {{"sent", LANES_DONE},     {"shared", LANES_DONE},         {"dropped", LANES_GIVEN_UP},
                 {"trouble", LANES_AGAIN}, {"undecided", LANES_UNDECIDED}, {"failed", LANES_FAILED},
                 {"received", LANES_TAKEN}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].what, what) == 0)
            return kinds[i].kind;
    return LANES_TAKEN;
}

/* The fields of STUDY_TIMES: at, what, destination, album, count. */
static void take_time(void *context, const struct jobdb_field *fields, size_t count)
{
    struct lanes *lanes = context;
    const char *what = fields[1].text ? fields[1].text : "";
    struct lanes_lane *lane = strcmp(what, "received") == 0  ? &lanes->list[LANES_RECEIVED]
                              : strcmp(what, "decided") == 0 ? &lanes->list[LANES_DECIDED]
                              : fields[2].text               ? find(lanes, fields[2].text, fields[3].text)
                                                             : NULL;
    lanes->moments++;
    if (count < 5 || !lane)
        return;
    enum lanes_kind kind = kind_of(what);
    lanes->marks =
        memory_grow(lanes->marks, &lanes->mark_capacity, lanes->mark_count + 1, sizeof *lanes->marks);
    lanes->marks[lanes->mark_count++] = (struct timeline_mark){
        fields[0].number, (unsigned)(lane - lanes->list), (unsigned)kind, fields[4].number};
    lane->counts[kind] += fields[4].number;
}

void lanes_read(struct lanes *lanes, struct jobdb *db, const char *study, const json_t *goals)
{
    add_goals(lanes, goals);
    (void)jobdb_ask(db, JOBDB_ASK_STUDY_TIMES, study, NULL, LANES_MOMENTS_MOST + 1, take_time, lanes);
}
