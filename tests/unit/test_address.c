#include "common/config/address.h"

#include "tests/support/suite.h"

#include <string.h>

static const struct row {
    const char *label, *stow_url, *api_url;
    bool same;
} rows[] = {
    {"the same", "https://a/api/studies", "https://a/api", true},
    {"another server", "https://b/api/studies", "https://a/api", false},
    {"another path", "https://a/studies", "https://a/api", false},
    {"another API", "https://a/api/studies", "https://b/api", false},
    {"no API", "https://a/api/studies", NULL, false},
    {"cut elsewhere", "https://a/api/studieshttps://a", "/api", false},
};

START_TEST(it_is_of_both_urls)
{
    const struct row *row = &rows[_i];
    const struct config_destination ours = {.stow_url = (char *)rows[0].stow_url,
                                            .api_url = (char *)rows[0].api_url};
    const struct config_destination its = {.stow_url = (char *)row->stow_url,
                                           .api_url = (char *)row->api_url};
    char a[ADDRESS_SIZE], b[ADDRESS_SIZE];
    address_of_destination(&ours, a);
    address_of_destination(&its, b);
    ck_assert_uint_eq(strlen(a), ADDRESS_SIZE - 1);
    ck_assert_msg((strcmp(a, b) == 0) == row->same, "%s", row->label);
}
END_TEST

START_TEST(of_an_album_it_is_of_its_api)
{
    const struct config_album first = {.name = (char *)"ct", .api_url = (char *)"https://a/api"};
    const struct config_album other = {.name = (char *)"mr", .api_url = (char *)"https://a/api"};
    const struct config_album moved = {.name = (char *)"ct", .api_url = (char *)"https://b/api"};
    char a[ADDRESS_SIZE], b[ADDRESS_SIZE], c[ADDRESS_SIZE];
    address_of_album(&first, a);
    address_of_album(&other, b);
    address_of_album(&moved, c);
    ck_assert_str_eq(a, b);
    ck_assert_str_ne(a, c);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("address");
    tests_rows(tests, it_is_of_both_urls, ROWS(rows));
    tests_add(tests, of_an_album_it_is_of_its_api);
    return tests_run(tests);
}
