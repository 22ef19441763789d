/* What `felucca status` tells of now: who was turned away, who holds what and since when, when the backlog is empty;
 * over real processes. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/operator_view.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <string.h>

static struct scene scene;

static void set_up(void)
{
    scene_open(&scene);
}

static void tear_down(void)
{
    scene_close(&scene);
}

static void start(const char *more)
{
    scene_set_up(&scene, more);
    pipeline_start_all(scene.pipeline);
}

/* What the command says, each run of blanks as one; its exit status. */
static int felucca(struct text *ret_said, const char *const *words)
{
    AUTO(text_release) struct text output = TEXT_EMPTY;
    int status = scene_felucca(&scene, words, &output);
    text_clear(ret_said);
    for (const char *c = text_string(&output); *c; c++) {
        bool blank = strchr(" \n", *c) != NULL;
        if (!blank || (ret_said->length > 0 && ret_said->bytes[ret_said->length - 1] != ' '))
            text_append_char(ret_said, blank ? ' ' : *c);
    }
    return status;
}

static bool status_says(void *words)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    (void)felucca(&said, (const char *const[]){"status", NULL});
    return strstr(text_string(&said), (const char *)words) != NULL;
}

static void ck_status(const char *words)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    bool says = wait_until(status_says, (void *)words, SCENE_PATIENCE_MS);
    (void)felucca(&said, (const char *const[]){"status", NULL});
    pipeline_check(scene.pipeline, says, text_string(&said));
}

/* ---- who was turned away ---- */

START_TEST(rejections_are_told_with_what_to_do)
{
    start("receiver: { min_free_space: 256MiB }\n");
    const char *folder = scene_study(&scene, 1, 1, 1, 2000);
    ck_assert(!status_says((void *)"Rejected"));
    for (int i = 0; i < 3; i++)
        ck_assert_int_ne(
            pipeline_storescu(pipeline_port(scene.pipeline), "NOBODY", folder, SCENE_PATIENCE_MS, NULL), 0);
    ck_status("Rejected in the last hour: 3 for called_aet, the last at ");
    ck_status("called NOBODY: called AE title unknown: no node of the configuration has it");
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("status");
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, rejections_are_told_with_what_to_do);
    return tests_run(tests);
}
