#include "common/jobs/states.h"

#include <stddef.h>
#include <string.h>

#define NAME(name, text, meaning) text,
static const char *const delivery_names[] = {DELIVERY_STATE_MAP(NAME)};
static const char *const share_names[] = {SHARE_STATE_MAP(NAME)};
static const char *const fetch_names[] = {FETCH_STATE_MAP(NAME)};
static const char *const instance_names[] = {INSTANCE_STATE_MAP(NAME)};
#undef NAME

struct move {
    int from;
    enum cause cause;
    int to;
};

#define DELIVERY(from, cause, to) {DELIVERY_##from, CAUSE_##cause, DELIVERY_##to},
static const struct move delivery_moves[] = {DELIVERY_MOVE_MAP(DELIVERY)};
#undef DELIVERY

#define SHARE(from, cause, to) {SHARE_##from, CAUSE_##cause, SHARE_##to},
static const struct move share_moves[] = {SHARE_MOVE_MAP(SHARE)};
#undef SHARE

#define FETCH(from, cause, to) {FETCH_##from, CAUSE_##cause, FETCH_##to},
static const struct move fetch_moves[] = {FETCH_MOVE_MAP(FETCH)};
#undef FETCH

const char *delivery_state_name(enum delivery_state state)
{
    return delivery_names[state];
}

const char *share_state_name(enum share_state state)
{
    return share_names[state];
}

const char *fetch_state_name(enum fetch_state state)
{
    return fetch_names[state];
}

const char *instance_state_name(enum instance_state state)
{
    return instance_names[state];
}

const char *cause_text(enum cause cause)
{
    static const char *const texts[] = {
#define X(name, text) text,
        CAUSE_MAP(X)
#undef X
    };
    return texts[cause];
}

static bool find_name(const char *const *names, size_t count, const char *name, int *ret_index)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            *ret_index = (int)i;
            return true;
        }
    }
    return false;
}

bool delivery_state_parse(const char *name, enum delivery_state *ret_state)
{
    int index;
    if (!find_name(delivery_names, DELIVERY_STATES, name, &index))
        return false;
    *ret_state = (enum delivery_state)index;
    return true;
}

bool share_state_parse(const char *name, enum share_state *ret_state)
{
    int index;
    if (!find_name(share_names, SHARE_STATES, name, &index))
        return false;
    *ret_state = (enum share_state)index;
    return true;
}

bool fetch_state_parse(const char *name, enum fetch_state *ret_state)
{
    int index;
    if (!find_name(fetch_names, FETCH_STATES, name, &index))
        return false;
    *ret_state = (enum fetch_state)index;
    return true;
}

static bool find_move(const struct move *moves, size_t count, int from, enum cause cause, int *ret_to)
{
    for (size_t i = 0; i < count; i++) {
        if (moves[i].from == from && moves[i].cause == cause) {
            *ret_to = moves[i].to;
            return true;
        }
    }
    return false;
}

bool delivery_move(enum delivery_state from, enum cause cause, enum delivery_state *ret_to)
{
    int to;
    if (!find_move(delivery_moves, sizeof delivery_moves / sizeof *delivery_moves, (int)from, cause, &to))
        return false;
    *ret_to = (enum delivery_state)to;
    return true;
}

bool share_move(enum share_state from, enum cause cause, enum share_state *ret_to)
{
    int to;
    if (!find_move(share_moves, sizeof share_moves / sizeof *share_moves, (int)from, cause, &to))
        return false;
    *ret_to = (enum share_state)to;
    return true;
}

bool fetch_move(enum fetch_state from, enum cause cause, enum fetch_state *ret_to)
{
    int to;
    if (!find_move(fetch_moves, sizeof fetch_moves / sizeof *fetch_moves, (int)from, cause, &to))
        return false;
    *ret_to = (enum fetch_state)to;
    return true;
}

bool delivery_is_final(enum delivery_state state)
{
    return state == DELIVERY_SENT || state == DELIVERY_EXCLUDED || state == DELIVERY_DROPPED;
}

bool share_is_final(enum share_state state)
{
    return state == SHARE_SHARED || state == SHARE_DROPPED;
}
