/* The router on another host than the others (network namespaces): what goes over the wire, who is let in,
 * and what happens when the wire is cut while work is in hand. */
#include "common/base/cleanup.h"
#include "tests/support/deadline.h"
#include "tests/support/files.h"
#include "tests/support/keyring.h"
#include "tests/support/network.h"
#include "tests/support/port.h"
#include "tests/support/scene.h"
#include "tests/support/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BYTES = 20 << 10, NOT_PERMITTED = 77 };

static struct network *network;
static struct scene scene;
static struct keyring keys;
static int first_port;

static void check(bool ok, const char *what)
{
    pipeline_check(scene.pipeline, ok, what);
}

static bool log_says(void *context)
{
    const char *const *words = context; /* log, text */
    AUTO(text_release) struct text content = TEXT_EMPTY;
    const char *path = sandbox_path(scene.sandbox, "%s", words[0]);
    if (!file_exists(path))
        return false;
    file_read(path, &content);
    return strstr(text_string(&content), words[1]) != NULL;
}

static void wait_log(const char *log, const char *text)
{
    const char *words[] = {log, text};
    check(wait_until(log_says, words, SCENE_PATIENCE_MS), text);
}

/* The router is far, everything else near; the disk is one. */
static void set_up(void)
{
    AUTO(text_release) struct text more = TEXT_EMPTY;
    network = network_create();
    scene_open(&scene);
    keyring_make(&keys, scene.sandbox);
    first_port = port_free_run(3);
    keyring_config(&keys, NETWORK_FAR, first_port, &more);
    scene_set_up(&scene, text_string(&more));
    pipeline_equip(scene.pipeline, PIPELINE_ROUTER, keys.of[KEYRING_ROUTER].environment,
                   network_far(network));
    pipeline_equip(scene.pipeline, PIPELINE_RECEIVER, keys.of[KEYRING_RECEIVER].environment, NULL);
    pipeline_equip(scene.pipeline, PIPELINE_SENDER, keys.of[KEYRING_SENDER].environment, NULL);
    pipeline_equip(scene.pipeline, PIPELINE_SHARER, keys.of[KEYRING_SHARER].environment, NULL);
    pipeline_launch(scene.pipeline, PIPELINE_ROUTER);
    pipeline_start(scene.pipeline, PIPELINE_RECEIVER);
    wait_log("router-0.log", "recovered");
}

static void tear_down(void)
{
    scene_close(&scene);
    network_destroy(&network);
}

static void send_study(uint64_t seed, unsigned series, unsigned count, struct scene_instances *instances)
{
    const char *folder = scene_study(&scene, seed, series, count, BYTES);
    const char *output = sandbox_path(scene.sandbox, "storescu-%llu", (unsigned long long)seed);
    check(scene_send(&scene, folder, output), "storescu");
    scene_acknowledged(output, seed, instances, NULL);
}

static bool has(const struct text *bytes, const char *word)
{
    return memmem(bytes->bytes, bytes->length, word, strlen(word)) != NULL;
}

/* ---- the wire ---- */

START_TEST(nothing_is_readable_on_the_wire)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    AUTO(text_release) struct text wire = TEXT_EMPTY;
    char uid[DICOM_UID_SIZE];
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    send_study(1, 2, 5, &instances);
    scene_wait_done(&scene, &instances);
    network_capture(network, &wire);
    dicom_uid(uid, 1, 1, 0);
    check(has(&wire, "CURVE"), "nothing was captured");
    static const char *const words[] = {"session", "kheops-main", "receipt"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        check(!has(&wire, words[i]), words[i]);
    check(!has(&wire, uid), "a UID");
    wait_log("sender-0.log", "batch sent");
}
END_TEST

/* ---- strangers ---- */

/* The greeting of ZMTP 3.0 with the mechanism NULL: the router's own greeting is all that comes back. */
static void knock_without_a_key(int port)
{
    static const unsigned char greeting[64] = {0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 0x7F, 3, 0, 'N', 'U', 'L', 'L'};
    static const char ready[] = "\x04\x1A\x05READY\x0BSocket-Type\0\0\0\x06"
                                "DEALER";
    char bytes[4096];
    size_t got = 0;
    AUTO(fd_close) int fd = network_connect(port);
    struct timeval limit = {.tv_sec = SCENE_PATIENCE_MS / 1000};
    ck_assert(fd >= 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
    ck_assert_int_eq(write(fd, greeting, sizeof greeting), (ssize_t)sizeof greeting);
    (void)send(fd, ready, sizeof ready - 1, MSG_NOSIGNAL);
    ssize_t length;
    while ((length = recv(fd, bytes, sizeof bytes, 0)) > 0)
        got += (size_t)length;
    check(length == 0 || errno == ECONNRESET, "the router keeps the connection");
    check(got <= sizeof greeting, "the router says more than its greeting");
}

START_TEST(a_peer_without_a_key_gets_nothing)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    pipeline_equip(scene.pipeline, PIPELINE_SENDER, keys.of[KEYRING_STRANGER].environment, NULL);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    send_study(1, 1, 3, &instances);
    for (int i = 0; i < 3; i++)
        knock_without_a_key(first_port + i);
    wait_log("router-0.log", "curve.allowed_keys does not list its key");
    wait_log("router-0.log", "it has no key, or another curve.server_key than ours");
    wait_log("router-0.log", "address=" NETWORK_NEAR);
    ck_assert_int_eq(simulator_count(scene.kheops, "requests.stow"), 0);
    pipeline_equip(scene.pipeline, PIPELINE_SENDER, keys.of[KEYRING_SENDER].environment, NULL);
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    scene_wait_done(&scene, &instances);
}
END_TEST

/* ---- cut off ---- */

static bool work_is_in_hand(void *context)
{
    (void)context;
    return simulator_count(scene.kheops, "requests.stow") > 0;
}

static const struct cut {
    const char *label;
    enum network_cut how;
} cuts[] = {{"what is sent is lost", NETWORK_LOST}, {"the link is down", NETWORK_DOWN}};

/* The requests take longer than the cut: when it ends nothing of them may be lost, whoever did them. */
START_TEST(a_cut_costs_time_only)
{
    AUTO(scene_instances_release) struct scene_instances instances = SCENE_INSTANCES_EMPTY;
    pipeline_start(scene.pipeline, PIPELINE_SENDER);
    pipeline_start(scene.pipeline, PIPELINE_SHARER);
    simulator_order(scene.kheops, "/sim/config", "{\"delay_ms\": 60000}");
    send_study(1, 3, 8, &instances);
    check(wait_until(work_is_in_hand, NULL, SCENE_PATIENCE_MS), "no work");
    network_cut(network, cuts[_i].how);
    simulator_order(scene.kheops, "/sim/config", "{\"delay_ms\": 0}");
    /* Both sides notice, and the receiver goes on. */
    send_study(2, 2, 3, &instances);
    wait_log("sender-0.log", "the router is silent");
    wait_log("router-0.log", "lease lost, giving its work to others");
    network_cut(network, NETWORK_WHOLE);
    wait_log("sender-0.log", "others have this work now, stopping it");
    scene_wait_done(&scene, &instances);
    ck_assert_uint_eq(instances.count, 30);
}
END_TEST

int main(void)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (!network_possible(&reason)) {
        printf("skipped: %s\n", text_string(&reason));
        return NOT_PERMITTED;
    }
    struct tests *tests = tests_create("hosts");
    tests_abreast(tests, 4);
    tests_timeout(tests, 140);
    tests_fixture(tests, set_up, tear_down);
    tests_add(tests, nothing_is_readable_on_the_wire);
    tests_add(tests, a_peer_without_a_key_gets_nothing);
    tests_rows(tests, a_cut_costs_time_only, sizeof cuts / sizeof *cuts);
    return tests_run(tests);
}
