/* When an album is blamed for series that KHEOPS does not find: a row is a story, one letter a share.
 * "a".."z": that series was not found; "+": one was shared. */
#include "sharer/misses.h"
#include "tests/support/suite.h"

static const struct row {
    const char *label, *story;
    bool blamed; /* after the last letter */
} rows[] = {
    {"one series", "a", false},
    {"the same series again and again", "aaaaaaaa", false},
    {"two series in turn", "abababab", false},
    {"three series", "abc", true},
    {"three series, with repetitions", "aabbac", true},
    {"more than three", "abcdefgh", true},
    {"it stays so for those seen before", "abcda", true},
    {"a success forgets", "ab+c", false},
    {"a success forgets the blame", "abc+a", false},
    {"and it begins anew", "abc+abc", true},
    {"a success at first", "+ab", false},
};

START_TEST(a_story_ends_so)
{
    const struct row *row = &rows[_i];
    struct misses *misses = misses_create();
    bool blamed = false;
    for (const char *at = row->story; *at; at++) {
        const char series[] = {'1', '.', *at, '\0'};
        if (*at == '+')
            misses_clear(misses, "main", "research");
        else
            blamed = misses_add(misses, "main", "research", series);
    }
    ck_assert_msg(blamed == row->blamed, "%s", row->label);
    misses_destroy(&misses);
    ck_assert_ptr_null(misses);
    misses_destroy(&misses);
}
END_TEST

START_TEST(albums_are_apart)
{
    struct misses *misses = misses_create();
    ck_assert(!misses_add(misses, "main", "research", "1.1"));
    ck_assert(!misses_add(misses, "main", "teaching", "1.2"));
    ck_assert(!misses_add(misses, "other", "research", "1.3"));
    ck_assert(!misses_add(misses, "main", "research", "1.2"));
    misses_clear(misses, "main", "teaching");
    misses_clear(misses, "nowhere", "research");
    ck_assert(misses_add(misses, "main", "research", "1.3"));
    ck_assert(!misses_add(misses, "other", "research", "1.2"));
    misses_destroy(&misses);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("misses");
    tests_rows(tests, a_story_ends_so, ROWS(rows));
    tests_add(tests, albums_are_apart);
    return tests_run(tests);
}
