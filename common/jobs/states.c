#include "common/jobs/states.h"

#include <stdlib.h>
#include <string.h>

/* ---- the tables, by machine ---- */

struct state {
    const char *name, *meaning;
};

struct move_row {
    int from;
    enum cause cause;
    int to;
};

#define STATE(name, text, meaning) {text, meaning},
static const struct state delivery_states[] = {DELIVERY_STATE_MAP(STATE)};
static const struct state share_states[] = {SHARE_STATE_MAP(STATE)};
static const struct state fetch_states[] = {FETCH_STATE_MAP(STATE)};
static const struct state inquiry_states[] = {INQUIRY_STATE_MAP(STATE)};
static const struct state instance_states[] = {INSTANCE_STATE_MAP(STATE)};
#undef STATE

#define MOVE(from, cause, to) {DELIVERY_##from, CAUSE_##cause, DELIVERY_##to},
static const struct move_row delivery_moves[] = {DELIVERY_MOVE_MAP(MOVE)};
#undef MOVE
#define MOVE(from, cause, to) {SHARE_##from, CAUSE_##cause, SHARE_##to},
static const struct move_row share_moves[] = {SHARE_MOVE_MAP(MOVE)};
#undef MOVE
#define MOVE(from, cause, to) {FETCH_##from, CAUSE_##cause, FETCH_##to},
static const struct move_row fetch_moves[] = {FETCH_MOVE_MAP(MOVE)};
#undef MOVE
#define MOVE(from, cause, to) {INQUIRY_##from, CAUSE_##cause, INQUIRY_##to},
static const struct move_row inquiry_moves[] = {INQUIRY_MOVE_MAP(MOVE)};
#undef MOVE
#define MOVE(from, cause, to) {INSTANCE_##from, CAUSE_##cause, INSTANCE_##to},
static const struct move_row instance_moves[] = {INSTANCE_MOVE_MAP(MOVE)};
#undef MOVE

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))
static const struct table {
    const char *name;
    const struct state *states;
    int state_count;
    const struct move_row *moves;
    int move_count;
} tables[] = {
    [MACHINE_DELIVERY] = {"delivery", delivery_states, DELIVERY_STATES, delivery_moves,
                          COUNT(delivery_moves)},
    [MACHINE_SHARE] = {"share", share_states, SHARE_STATES, share_moves, COUNT(share_moves)},
    [MACHINE_FETCH] = {"fetch", fetch_states, FETCH_STATES, fetch_moves, COUNT(fetch_moves)},
    [MACHINE_INQUIRY] = {"inquiry", inquiry_states, INQUIRY_STATES, inquiry_moves, COUNT(inquiry_moves)},
    [MACHINE_INSTANCE] = {"instance", instance_states, INSTANCE_STATES, instance_moves,
                          COUNT(instance_moves)},
};

/* ---- states ---- */

const char *machine_name(enum machine machine)
{
    return tables[machine].name;
}

int state_count(enum machine machine)
{
    return tables[machine].state_count;
}

const char *state_name(enum machine machine, int state)
{
    return state == STATE_GONE ? NULL : tables[machine].states[state].name;
}

const char *state_meaning(enum machine machine, int state)
{
    return tables[machine].states[state].meaning;
}

bool state_parse(enum machine machine, const char *name, int *ret_state)
{
    for (int i = 0; i < tables[machine].state_count; i++) {
        if (strcmp(tables[machine].states[i].name, name) == 0) {
            *ret_state = i;
            return true;
        }
    }
    return false;
}

const char *delivery_state_name(enum delivery_state state)
{
    return delivery_states[state].name;
}

const char *share_state_name(enum share_state state)
{
    return share_states[state].name;
}

const char *fetch_state_name(enum fetch_state state)
{
    return fetch_states[state].name;
}

const char *inquiry_state_name(enum inquiry_state state)
{
    return inquiry_states[state].name;
}

const char *instance_state_name(enum instance_state state)
{
    return instance_states[state].name;
}

/* ---- causes ---- */

const char *cause_name(enum cause cause)
{
    static const char *const names[] = {
#define X(name, text) #name,
        CAUSE_MAP(X)
#undef X
    };
    return names[cause];
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

/* ---- moves ---- */

bool state_move(enum machine machine, int from, enum cause cause, int *ret_to)
{
    const struct table *table = &tables[machine];
    for (int i = 0; i < table->move_count; i++) {
        if (table->moves[i].from == from && table->moves[i].cause == cause) {
            *ret_to = table->moves[i].to;
            return true;
        }
    }
    return false;
}

void state_only_move(enum machine machine, enum cause cause, int *ret_from, int *ret_to)
{
    const struct table *table = &tables[machine];
    const struct move_row *only = NULL;
    for (int i = 0; i < table->move_count; i++) {
        if (table->moves[i].cause != cause)
            continue;
        if (only)
            abort();
        only = &table->moves[i];
    }
    if (!only)
        abort();
    *ret_from = only->from;
    *ret_to = only->to;
}

bool state_is_final(enum machine machine, int state)
{
    const struct table *table = &tables[machine];
    for (int i = 0; i < table->move_count; i++) {
        const struct move_row *move = &table->moves[i];
        if (move->from == state && move->cause != CAUSE_BROUGHT_BACK && move->cause != CAUSE_ANEW)
            return false;
    }
    return true;
}

/* ---- the page ---- */

static void append_states(enum machine machine, struct text *out)
{
    text_format(out, "| %s | means |\n|---|---|\n", machine_name(machine));
    for (int state = 0; state < state_count(machine); state++)
        text_format(out, "| `%s`%s | %s |\n", tables[machine].states[state].name,
                    state_is_final(machine, state) ? " (final)" : "", state_meaning(machine, state));
}

static void append_moves(enum machine machine, struct text *out)
{
    const struct table *table = &tables[machine];
    text_append(out, "\n| from | because | to |\n|---|---|---|\n");
    for (int i = 0; i < table->move_count; i++) {
        const struct move_row *move = &table->moves[i];
        const char *to = state_name(machine, move->to);
        text_format(out, "| `%s` | %s: %s | ", table->states[move->from].name, cause_name(move->cause),
                    cause_text(move->cause));
        if (to)
            text_format(out, "`%s` |\n", to);
        else
            text_append(out, "its row goes |\n");
    }
}

void states_reference(struct text *out)
{
    for (int machine = 0; machine < MACHINES; machine++) {
        text_append(out, machine > 0 ? "\n" : "");
        append_states((enum machine)machine, out);
        append_moves((enum machine)machine, out);
    }
}
