/* What `felucca status` tells of now: who was turned away, who holds what and since when, when the backlog is empty;
 * over real processes. */
#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "tests/support/deadline.h"
#include "tests/support/port.h"
#include "tests/support/process.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <signal.h>
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

/* ---- what is so now ---- */

START_TEST(who_holds_it_is_told_and_not_the_trouble_before)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    start(NULL);
    simulator_destroy(&scene.kheops);
    pipeline_check(
        scene.pipeline,
        scene_send(&scene, scene_study(&scene, 1, 1, 1, 2000), sandbox_path(scene.sandbox, "storescu")),
        "not sent");
    ck_status("kheops-main is backing off since ");
    ck_assert_int_eq(felucca(&said, (const char *const[]){"hold", "kheops-main", NULL}), 0);
    ck_status("kheops-main is held by ");
    ck_assert(!status_says(
        (void *)"kheops-main/ct is held")); /* it is so with its destination, and not to be released */
    (void)felucca(&said, (const char *const[]){"status", "--check", NULL});
    ck_assert_msg(!strstr(text_string(&said), "felucca release kheops-main/ct"), "%s", text_string(&said));
    ck_assert_ptr_nonnull(strstr(text_string(&said), "felucca release kheops-main"));
    ck_assert_int_eq(felucca(&said, (const char *const[]){"hold", "kheops-main/ct", NULL}), 0);
    ck_status("kheops-main/ct is held by ");
    ck_assert(!status_says((void *)"next try"));
}
END_TEST

/* ---- tokens that end ---- */

START_TEST(the_end_of_a_token_is_told_before)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(text_release) struct text order = TEXT_EMPTY;
    text_format(&order, "{\"exp\":%lld}", (long long)(clock_wall_ms() / 1000 + 10 * 86400));
    simulator_order(scene.kheops, "/sim/tokens/CTWRITE", text_string(&order));
    start(NULL);
    ck_status("kheops-main/ct: destination_token ends on ");
    ck_assert(!status_says((void *)"source_token ends on "));
    (void)felucca(&said, (const char *const[]){"check", NULL});
    ck_assert_msg(strstr(text_string(&said), "note kheops-main/ct: destination_token ends on "), "%s",
                  text_string(&said));
}
END_TEST

/* ---- no room ---- */

static int receiver_port, health_port;

static void write_config(const char *least)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(
        &yaml,
        "state_dir: %s\nmetrics: { bind: 127.0.0.1, port: %d }\n"
        "receiver: { port: %d, bind: 127.0.0.1, min_free_space: %s }\n"
        "nodes: [{ aet: FELUCCA, destinations: [{ name: main, stow_url: 'http://127.0.0.1:9/api/studies' }] }]\n",
        sandbox_path(scene.sandbox, "alone"), health_port, receiver_port, least);
    sandbox_write(scene.sandbox, "alone.yaml", text_string(&yaml));
}

static int health(struct text *ret_said)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "health",
                                "receiver",
                                "--config",
                                sandbox_path(scene.sandbox, "alone.yaml"),
                                NULL};
    text_clear(ret_said);
    return process_run(argv, NULL, SCENE_PATIENCE_MS, ret_said);
}

static bool health_says(void *words)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    return health(&said) == (strstr(words, "refuses") ? 1 : 0) && strstr(text_string(&said), words);
}

/* The same for programs: one object a process; the exit status is that of the lines. */
static void ck_health_json(int status, bool healthy, const char *sentence)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "health",
                                "receiver",
                                "--json",
                                "--config",
                                sandbox_path(scene.sandbox, "alone.yaml"),
                                NULL};
    ck_assert_int_eq(process_run(argv, NULL, SCENE_PATIENCE_MS, &said), status);
    AUTO(json_release) json_t *object = json_loads(text_string(&said), 0, NULL);
    ck_assert_msg(json_is_object(object), "%s", text_string(&said));
    ck_assert_str_eq(json_text(object, "process"), "receiver");
    ck_assert_int_eq(json_is_true(json_object_get(object, "healthy")), healthy);
    ck_assert_str_eq(json_text(object, "host"), "127.0.0.1");
    ck_assert_int_eq(json_integer_value(json_object_get(object, "port")), health_port);
    ck_assert_ptr_nonnull(strstr(json_text(object, "sentence"), sentence));
}

static int health_of_all(struct text *ret_said)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca",
                                "health",
                                "--json",
                                "--config",
                                sandbox_path(scene.sandbox, "alone.yaml"),
                                NULL};
    text_clear(ret_said);
    return process_run(argv, NULL, SCENE_PATIENCE_MS, ret_said);
}

/* Without a name every process that runs here with this configuration, as in a container that has one of them. */
START_TEST(health_of_all_is_one_object_for_each_that_runs)
{
    AUTO(text_release) struct text said = TEXT_EMPTY;
    health_port = port_free_run(8);
    receiver_port = port_free();
    write_config("256MiB");
    ck_assert_int_eq(health_of_all(&said), 1);
    ck_assert_ptr_nonnull(strstr(text_string(&said), "no process of Felucca runs here"));
    const char *const argv[] = {FELUCCA_BIN "/felucca-sharer", "--config",
                                sandbox_path(scene.sandbox, "alone.yaml"), NULL};
    const struct process_options options = {.output = sandbox_path(scene.sandbox, "alone.log")};
    AUTO(process_destroy) struct process *sharer = process_start(argv, &options);
    ck_assert(port_wait(health_port + 3, SCENE_PATIENCE_MS));
    ck_assert_int_eq(health_of_all(&said), 0);
    AUTO(json_release) json_t *object = json_loads(text_string(&said), 0, NULL); /* one and no more */
    ck_assert_msg(json_is_object(object), "%s", text_string(&said));
    ck_assert_str_eq(json_text(object, "process"), "sharer");
    ck_assert(json_is_true(json_object_get(object, "healthy")));
}
END_TEST

START_TEST(a_receiver_that_refuses_images_is_not_healthy_also_after_a_reload)
{
    receiver_port = port_free();
    health_port = port_free();
    write_config("256MiB");
    const char *const argv[] = {FELUCCA_BIN "/felucca-receiver", "--config",
                                sandbox_path(scene.sandbox, "alone.yaml"), NULL};
    const struct process_options options = {.output = sandbox_path(scene.sandbox, "alone.log")};
    AUTO(process_destroy) struct process *receiver = process_start(argv, &options);
    ck_assert(wait_until(health_says, (void *)"receiver: healthy", SCENE_PATIENCE_MS));
    ck_health_json(0, true, "healthy");
    write_config("1000TiB");
    process_signal(receiver, SIGHUP);
    ck_assert(wait_until(health_says, (void *)"receiver: refuses images: ", SCENE_PATIENCE_MS));
    ck_health_json(1, false, "refuses images: the disk has less free space than receiver.min_free_space");
    write_config("256MiB");
    process_signal(receiver, SIGHUP);
    ck_assert(wait_until(health_says, (void *)"receiver: healthy", SCENE_PATIENCE_MS));
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("status");
    tests_timeout(tests, 120);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, who_holds_it_is_told_and_not_the_trouble_before);
    tests_add(tests, the_end_of_a_token_is_told_before);
    tests_add(tests, a_receiver_that_refuses_images_is_not_healthy_also_after_a_reload);
    tests_add(tests, health_of_all_is_one_object_for_each_that_runs);
    tests_add(tests, rejections_are_told_with_what_to_do);
    return tests_run(tests);
}
