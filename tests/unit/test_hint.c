/* What comes out of the pipe may have been written by a process that a peer has taken over. */
#include "receiver/hint.h"

#include "receiver/handler.h"
#include "tests/support/suite.h"

#define RECEIPT "0193a5b2c4d100112233445566778899"

static const struct hint_row {
    const char *label;
    struct hint hint;
    bool sound;
} hint_rows[] = {
    {"an instance", {HINT_INSTANCE, RECEIPT, 500, 7}, true},
    {"an instance of another name", {HINT_INSTANCE, "../../0193a5b2c4d1001122334455667", 500, 7}, false},
    {"fewer bytes than none", {HINT_INSTANCE, RECEIPT, -1, 7}, false},
    {"before it began", {HINT_INSTANCE, RECEIPT, 500, -7}, false},
    {"the last refusal", {HINT_REFUSED, "", HINT_REFUSALS - 1, 0}, true},
    {"no refusal of ours", {HINT_REFUSED, "", HINT_REFUSALS, 0}, false},
    {"the last end", {HINT_ASSOCIATION, "", ASSOCIATION_ENDS - 1, 0}, true},
    {"no end of ours", {HINT_ASSOCIATION, "", ASSOCIATION_ENDS, 0}, false},
    {"an end before the first", {HINT_ASSOCIATION, "", INT64_MIN, 0}, false},
    {"the last verdict", {HINT_REJECTED, "", ASSOCIATION_VERDICTS - 1, 0}, true},
    {"no verdict of ours", {HINT_REJECTED, "", INT64_MAX, 0}, false},
    {"a beat", {HINT_BEAT, "", 64, 0}, true},
    {"no kind of ours", {HINT_KINDS, "", 0, 0}, false},
    {"a kind before the first", {(enum hint_kind) - 1, "", 0, 0}, false},
};

START_TEST(a_hint_is_sound)
{
    const struct hint_row *row = &hint_rows[_i];
    ck_assert_msg(hint_is_sound(&row->hint) == row->sound, "%s", row->label);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("hint");
    tests_rows(tests, a_hint_is_sound, ROWS(hint_rows));
    return tests_run(tests);
}
