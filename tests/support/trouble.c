#include "tests/support/trouble.h"

#include "common/base/cleanup.h"
#include "tests/support/http_client.h"

#include <check.h>

enum { ABSENT_MOST_MS = 2500, REVOKED_MOST_MS = 4000, FIRST_MOST = 5 };

/* ---- dice ---- */

/* splitmix64 */
uint64_t dice_roll(struct dice *dice, uint64_t sides)
{
    uint64_t z = dice->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % sides;
}

int64_t dice_between(struct dice *dice, int64_t least, int64_t most)
{
    return least + (int64_t)dice_roll(dice, (uint64_t)(most - least + 1));
}

/* ---- trouble ---- */

/* Members of a fault without "first", which the dice say. */
static const char *const faults[] = {
    "\"kind\":\"stow\",\"action\":\"status\",\"status\":500",
    "\"kind\":\"stow\",\"action\":\"status\",\"status\":502,\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"status\",\"status\":503,\"retry_after\":\"1\"",
    "\"kind\":\"stow\",\"action\":\"status\",\"status\":504,\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"status\",\"status\":429,\"stage\":\"before\"",
    "\"kind\":\"stow\",\"action\":\"drop\",\"stage\":\"before\"",
    "\"kind\":\"stow\",\"action\":\"drop\",\"stage\":\"body\",\"bytes\":30000",
    "\"kind\":\"stow\",\"action\":\"drop\",\"stage\":\"unstored\"",
    "\"kind\":\"stow\",\"action\":\"drop\",\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":700",
    "\"kind\":\"stow\",\"action\":\"none\",\"delay_ms\":6000,\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"garbage\",\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"garbage\",\"stage\":\"unstored\"",
    "\"kind\":\"stow\",\"action\":\"empty\",\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"empty\",\"stage\":\"unstored\"",
    "\"kind\":\"stow\",\"action\":\"close\",\"stage\":\"stored\"",
    "\"kind\":\"stow\",\"action\":\"unlisted\",\"stage\":\"instance\"",
    "\"kind\":\"stow\",\"action\":\"forgotten\",\"stage\":\"instance\"",
    "\"kind\":\"stow\",\"action\":\"unnamed\",\"stage\":\"instance\"",
    "\"kind\":\"stow\",\"action\":\"warn\",\"stage\":\"instance\",\"reason\":45056",
    "\"kind\":\"stow\",\"action\":\"refuse\",\"stage\":\"instance\",\"reason\":272",
    "\"kind\":\"share\",\"action\":\"status\",\"status\":500",
    "\"kind\":\"share\",\"action\":\"status\",\"status\":503,\"retry_after\":\"1\"",
    "\"kind\":\"share\",\"action\":\"drop\",\"stage\":\"unstored\"",
    "\"kind\":\"share\",\"action\":\"drop\",\"stage\":\"stored\"",
    "\"kind\":\"share\",\"action\":\"none\",\"delay_ms\":1500",
    "\"kind\":\"introspect\",\"action\":\"status\",\"status\":500",
    "\"kind\":\"introspect\",\"action\":\"drop\",\"stage\":\"unstored\"",
    "\"kind\":\"qido\",\"action\":\"status\",\"status\":500",
    "\"kind\":\"qido\",\"action\":\"drop\",\"stage\":\"unstored\"",
};

static const char *const tokens[] = {"MAINWRITE", "MAINSEND", "CTWRITE", "ALLWRITE"};

static void order_fault(const struct trouble *trouble, struct dice *dice)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    const char *fault = faults[dice_roll(dice, sizeof faults / sizeof *faults)];
    text_format(&json, "{%s,\"first\":%lld}", fault, (long long)dice_between(dice, 1, FIRST_MOST));
    simulator_order(trouble->kheops, "/sim/faults", text_string(&json));
}

static void set_revoked(const struct trouble *trouble, const char *token, bool revoked)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    text_format(&path, "/sim/tokens/%s", token);
    simulator_order(trouble->kheops, text_string(&path),
                    revoked ? "{\"revoked\":true}" : "{\"revoked\":false}");
}

static void restore(struct trouble *trouble)
{
    if (trouble->revoked)
        set_revoked(trouble, trouble->revoked, false);
    trouble->revoked = NULL;
}

static void refuse_token(struct trouble *trouble, struct dice *dice, int64_t now_ms)
{
    restore(trouble);
    trouble->revoked = tokens[dice_roll(dice, sizeof tokens / sizeof *tokens)];
    trouble->restore_at_ms = now_ms + dice_between(dice, 200, REVOKED_MOST_MS);
    set_revoked(trouble, trouble->revoked, true);
    trouble->revocations++;
}

static void go_away(struct trouble *trouble, struct dice *dice)
{
    AUTO(text_release) struct text json = TEXT_EMPTY;
    text_format(&json, "{\"ms\":%lld}", (long long)dice_between(dice, 50, ABSENT_MOST_MS));
    simulator_order(trouble->kheops, "/sim/away", text_string(&json));
    trouble->absences++;
}

void trouble_make(struct trouble *trouble, struct dice *dice, int64_t now_ms)
{
    uint64_t which = dice_roll(dice, 10);
    if (which == 0) {
        refuse_token(trouble, dice, now_ms);
    } else if (which == 1) {
        go_away(trouble, dice);
    } else {
        order_fault(trouble, dice);
        trouble->faults++;
    }
}

void trouble_turn(struct trouble *trouble, int64_t now_ms)
{
    if (now_ms >= trouble->restore_at_ms)
        restore(trouble);
}

void trouble_end(struct trouble *trouble)
{
    AUTO(http_client_answer_release) struct http_client_answer answer = HTTP_CLIENT_ANSWER_EMPTY;
    restore(trouble);
    int status =
        http_client_request(trouble->kheops->admin_port, "DELETE", "/sim/faults", NULL, NULL, 0, &answer);
    ck_assert_int_eq(status, 200);
    simulator_order(trouble->kheops, "/sim/away", "{\"away\":false}");
}
