#include "common/config/config.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "common/condition/condition.h"
#include "common/config/schema.h"
#include "tests/support/files.h"
#include "tests/support/loading.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every key, each with another value than its default. */
static const char whole[] =
    "state_dir: /srv/felucca/\n"
    "receiver: { port: 104, bind: '::1', max_associations: 5, idle_timeout: 90s, min_free_space: 2GiB }\n"
    "sender: { slots: 3, batch_instances: 7, batch_bytes: 8MiB }\n"
    "sharer: { slots: 2 }\n"
    "retry: { first: 1s, ceiling: 2m, attempts: 9, give_up: 10d }\n"
    "retention: 1h\n"
    "retention_excluded: 2d\n"
    "history: 90d\n"
    "endpoints: { hints: 'tcp://router:1', work: 'tcp://router:2', control: 'ipc:///run/c.sock' }\n"
    "curve:\n"
    "  secret_key: ${file:/run/secrets/curve}\n"
    "  server_key: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'\n"
    "  allowed_keys: keys.txt\n"
    "log: { level: debug, format: json }\n"
    "metrics: { bind: 0.0.0.0, port: 0 }\n"
    "notify:\n"
    "  webhooks: [{ url: '${file:secrets/hook}', secret: s, ca_file: ca.pem }, { url: 'http://h/?k=1', name: ops }]\n"
    "  mail: [{ to: 'a@example.org, b@example.org', from: f@example.org, server: 'mail:2525', user: u,\n"
    "           password: '${file:secrets/mail}', tls: tls }]\n"
    "  when: [failed, blocked 5m, disk]\n"
    "nodes:\n"
    "  - aet: FELUCCA\n"
    "    sources:\n"
    "      - { aet: CT01, host: 10.1.2.3 }\n"
    "      - { aet: CT01, host: 10.9.0.0/16 }\n"
    "      - { aet: MR 02 }\n"
    "      - { aet: US03, host: '2001:db8::/33' }\n"
    "    destinations:\n"
    "      - name: main\n"
    "        stow_url: https://Kheops.example.org/api/studies/\n"
    "        headers: |\n"
    "          <key>Authorization</key>\n"
    "          <value>Bearer ${file:secrets/main}</value>\n"
    "          <key>X-Site</key><value>north</value>\n"
    "        condition: |\n"
    "          !tagValueIsPresent(#Tag.Modality, \"SR\")\n"
    "        sop_classes: [1.2.840.10008.5.1.4.1.1.2, 1.2.840.10008.5.1.4.1.1.4]\n"
    "        connections: 6\n"
    "        skip_verify: true\n"
    "        conflict_means: stored\n"
    "        ensure_visible: true\n"
    "        http2: true\n"
    "        ca_file: ca.pem\n"
    "        client_cert: /etc/ssl/client.pem\n"
    "        client_key: /etc/ssl/client.key\n"
    "        albums:\n"
    "          - name: research\n"
    "            destination_token: ${env:RESEARCH}\n"
    "            source_token: plain\n"
    "            condition: 'tagIsPresent(\"0008,0060\")'\n"
    "          - name: all\n"
    "            api_url: https://kheops.example.org:443/api\n"
    "            destination_token: a\n"
    "            source_token: b\n"
    "  - aet: SECOND\n"
    "    destinations:\n"
    "      - name: plain\n"
    "        stow_url: https://other.example.org/dicom-web\n"
    "        kheops: false\n"
    "        insecure: true\n"
    "      - name: two-names\n"
    "        stow_url: https://inside.example.org:8443/studies\n"
    "        api_url: https://kheops.example.net/api\n"
    "        allow_other_origin: true\n"
    "        headers: 'Authorization: Bearer x'\n"
    "        albums: [{ name: x, api_url: 'https://outside.example.org/api', destination_token: p, "
    "source_token: q }]\n";

static void ck_loaded(const struct loading *loading)
{
    ck_assert_msg(loading->code == 0, "%s", text_string(&loading->errors));
    ck_assert_ptr_nonnull(loading->config);
    ck_assert_str_eq(text_string(&loading->errors), "");
}

START_TEST(processes_keys_are_read)
{
    struct loading loading;
    loading_start(&loading, whole);
    ck_loaded(&loading);
    const struct config *config = loading.config;
    ck_assert_str_eq(config->state_dir, "/srv/felucca");
    ck_assert_int_eq(config->receiver.port, 104);
    ck_assert_str_eq(config->receiver.bind, "::1");
    ck_assert_int_eq(config->receiver.max_associations, 5);
    ck_assert_int_eq(config->receiver.idle_timeout_ms, 90000);
    ck_assert_int_eq(config->receiver.min_free_space, INT64_C(2) << 30);
    ck_assert_int_eq(config->sender.slots, 3);
    ck_assert_int_eq(config->sender.batch_instances, 7);
    ck_assert_int_eq(config->sender.batch_bytes, 8 << 20);
    ck_assert_int_eq(config->sharer.slots, 2);
    ck_assert_int_eq(config->retry.first_ms, 1000);
    ck_assert_int_eq(config->retry.ceiling_ms, 120000);
    ck_assert_int_eq(config->retry.attempts, 9);
    ck_assert_int_eq(config->retry.give_up_ms, 864000000);
    ck_assert_int_eq(config->retention_ms, 3600000);
    ck_assert_int_eq(config->retention_excluded_ms, 172800000);
    ck_assert_int_eq(config->history_ms, INT64_C(7776000000));
    ck_assert_str_eq(config->endpoints.hints, "tcp://router:1");
    ck_assert_str_eq(config->endpoints.work, "tcp://router:2");
    ck_assert_str_eq(config->endpoints.control, "ipc:///run/c.sock");
    ck_assert_str_eq(config->curve.secret_key, "${file:/run/secrets/curve}");
    ck_assert_str_eq(config->curve.server_key, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID");
    ck_assert_str_eq(config->curve.allowed_keys, sandbox_path(loading.sandbox, "keys.txt"));
    ck_assert_int_eq(config->log.level, LOG_DEBUG);
    ck_assert_int_eq(config->log.format, LOG_JSON);
    ck_assert_str_eq(config->metrics.bind, "0.0.0.0");
    ck_assert_int_eq(config->metrics.port, 0);
    ck_assert_uint_eq(config->node_count, 2);
    loading_end(&loading);
}
END_TEST

START_TEST(targets_of_notices_are_read)
{
    struct loading loading;
    loading_start(&loading, whole);
    ck_loaded(&loading);
    const struct config *config = loading.config;
    const struct config_webhook *first = config_find_webhook(config, "webhook-1");
    const struct config_mail *mail = config_find_mail(config, "mail-1");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(mail);
    ck_assert_ptr_nonnull(config_find_webhook(config, "ops"));
    ck_assert_ptr_null(config_find_webhook(config, "mail-1"));
    AUTO(text_release) struct text url = TEXT_EMPTY;
    text_format(&url, "${file:%s/secrets/hook}", sandbox_folder(loading.sandbox));
    ck_assert_str_eq(first->url, text_string(&url));
    ck_assert_str_eq(first->secret, "s");
    ck_assert_str_eq(first->ca_file, sandbox_path(loading.sandbox, "ca.pem"));
    ck_assert_str_eq(mail->to, "a@example.org, b@example.org");
    ck_assert_str_eq(mail->server, "mail:2525");
    ck_assert_int_eq(mail->tls, CONFIG_MAIL_TLS);
    ck_assert_int_eq(config->notify.limits[OCCASION_FAILED], 0);
    ck_assert_int_eq(config->notify.limits[OCCASION_BLOCKED], 300000);
    ck_assert_int_eq(config->notify.limits[OCCASION_DISK], INT64_C(4) << 30);
    ck_assert_int_eq(config->notify.limits[OCCASION_ROUTER], OCCASION_UNWANTED);
    ck_assert_uint_eq(config_notified(config), 3);
    ck_assert_str_eq(config_notified_name(config, 1), "ops");
    ck_assert_str_eq(config_notified_name(config, 2), "mail-1");
    loading_end(&loading);
}
END_TEST

START_TEST(destination_is_read)
{
    struct loading loading;
    loading_start(&loading, whole);
    ck_loaded(&loading);
    const struct config_destination *main = config_find_destination(loading.config, "main");
    ck_assert_ptr_nonnull(main);
    ck_assert_str_eq(main->stow_url, "https://Kheops.example.org/api/studies");
    ck_assert_str_eq(main->api_url, "https://Kheops.example.org/api");
    ck_assert_str_eq(main->origin, "https://kheops.example.org:443");
    ck_assert_uint_eq(main->header_count, 2);
    ck_assert_str_eq(main->headers[0].name, "Authorization");
    AUTO(text_release) struct text value = TEXT_EMPTY;
    text_format(&value, "Bearer ${file:%s/secrets/main}", sandbox_folder(loading.sandbox));
    ck_assert_str_eq(main->headers[0].value, text_string(&value));
    ck_assert_str_eq(main->headers[1].value, "north");
    ck_assert_str_eq(condition_text(main->condition), "!tagValueIsPresent(#Tag.Modality, \"SR\")");
    ck_assert_uint_eq(main->sop_class_count, 2);
    ck_assert_str_eq(main->sop_classes[1], "1.2.840.10008.5.1.4.1.1.4");
    ck_assert_int_eq(main->connections, 6);
    ck_assert(main->kheops && main->skip_verify && main->ensure_visible && main->http2);
    ck_assert(!main->allow_other_origin && !main->insecure);
    ck_assert_int_eq(main->conflict_means, CONFIG_CONFLICT_STORED);
    ck_assert_str_eq(main->ca_file, sandbox_path(loading.sandbox, "ca.pem"));
    ck_assert_str_eq(main->client_cert, "/etc/ssl/client.pem");
    ck_assert_str_eq(main->client_key, "/etc/ssl/client.key");
    loading_end(&loading);
}
END_TEST

START_TEST(albums_and_lookups)
{
    struct loading loading;
    loading_start(&loading, whole);
    ck_loaded(&loading);
    const struct config_destination *main = config_find_destination(loading.config, "main");
    const struct config_album *research = config_find_album(main, "research");
    ck_assert_ptr_nonnull(research);
    ck_assert_str_eq(research->api_url, "https://Kheops.example.org/api");
    ck_assert_str_eq(research->destination_token, "${env:RESEARCH}");
    ck_assert_str_eq(research->source_token, "plain");
    ck_assert_str_eq(condition_text(research->condition), "tagIsPresent(\"0008,0060\")");
    ck_assert_ptr_null(config_find_album(main, "all")->condition);
    ck_assert_ptr_null(config_find_album(main, "main"));
    ck_assert_ptr_null(config_find_destination(loading.config, "research"));
    ck_assert_str_eq(config_find_node(loading.config, "SECOND")->destinations[0].name, "plain");
    ck_assert_ptr_null(config_find_node(loading.config, "second"));
    ck_assert(!config_find_destination(loading.config, "plain")->kheops);
    ck_assert_ptr_null(config_find_destination(loading.config, "plain")->api_url);
    loading_end(&loading);
}
END_TEST

START_TEST(defaults_fill_the_rest)
{
    struct loading loading;
    loading_start(&loading, "nodes: []\n");
    ck_loaded(&loading);
    const struct config *config = loading.config;
    ck_assert_str_eq(config->state_dir, "/var/lib/felucca");
    ck_assert_uint_eq(config_notified(config), 0);
    ck_assert_int_eq(config->notify.limits[OCCASION_BLOCKED], 600000);
    ck_assert_int_eq(config->receiver.port, 11112);
    ck_assert_str_eq(config->receiver.bind, "0.0.0.0");
    ck_assert_int_eq(config->receiver.max_associations, 64);
    ck_assert_int_eq(config->receiver.idle_timeout_ms, 60000);
    ck_assert_int_eq(config->receiver.min_free_space, 1 << 30);
    ck_assert_int_eq(config->sender.slots, 4);
    ck_assert_int_eq(config->sender.batch_instances, 50);
    ck_assert_int_eq(config->sender.batch_bytes, 64 << 20);
    ck_assert_int_eq(config->sharer.slots, 8);
    ck_assert_int_eq(config->retry.first_ms, 5000);
    ck_assert_int_eq(config->retry.ceiling_ms, 900000);
    ck_assert_int_eq(config->retry.attempts, 5);
    ck_assert_int_eq(config->retry.give_up_ms, 0);
    ck_assert_int_eq(config->retention_ms, 0);
    ck_assert_int_eq(config->retention_excluded_ms, 604800000);
    ck_assert_int_eq(config->history_ms, INT64_C(2592000000));
    ck_assert_str_eq(config->endpoints.hints, "ipc:///var/lib/felucca/run/hints/sock");
    ck_assert_str_eq(config->endpoints.work, "ipc:///var/lib/felucca/run/work/sock");
    ck_assert_str_eq(config->endpoints.control, "ipc:///var/lib/felucca/run/control/sock");
    ck_assert_ptr_null(config->curve.secret_key);
    ck_assert_int_eq(config->log.level, LOG_INFO);
    ck_assert_int_eq(config->log.format, LOG_TEXT);
    ck_assert_str_eq(config->metrics.bind, "127.0.0.1");
    ck_assert_int_eq(config->metrics.port, 9400);
    ck_assert_ptr_nonnull(strstr(text_string(&loading.warnings), "nodes: there is none"));
    loading_end(&loading);
}
END_TEST

/* The file comes first, then the environment, then the state folder. */
START_TEST(run_dir_may_be_of_the_environment)
{
    static const struct {
        const char *file, *variable, *is;
    } rows[] = {
        {"nodes: []\n", NULL, "/var/lib/felucca/run"},
        {"nodes: []\n", "", "/var/lib/felucca/run"},
        {"nodes: []\n", "relative", "/var/lib/felucca/run"},
        {"nodes: []\n", "/run/felucca", "/run/felucca"},
        {"run_dir: /srv/sockets\nnodes: []\n", "/run/felucca", "/srv/sockets"},
    };
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct loading loading;
        AUTO(text_release) struct text endpoint = TEXT_EMPTY;
        const char *variable = rows[i].variable;
        ck_assert_int_eq(variable ? setenv("FELUCCA_RUN_DIR", variable, 1) : unsetenv("FELUCCA_RUN_DIR"), 0);
        loading_start(&loading, rows[i].file);
        ck_loaded(&loading);
        text_format(&endpoint, "ipc://%s/work/sock", rows[i].is);
        ck_assert_str_eq(loading.config->run_dir, rows[i].is);
        ck_assert_str_eq(loading.config->endpoints.work, text_string(&endpoint));
        loading_end(&loading);
    }
}
END_TEST

START_TEST(relative_state_dir_begins_at_the_file)
{
    struct loading loading;
    loading_start(&loading, "state_dir: state\nnodes: []\n");
    ck_loaded(&loading);
    ck_assert_str_eq(loading.config->state_dir, sandbox_path(loading.sandbox, "state"));
    loading_end(&loading);
}
END_TEST

START_TEST(values_are_replaced)
{
    struct loading loading;
    ck_assert_int_eq(setenv("FELUCCA_TEST_PORT", "4242", 1), 0);
    ck_assert_int_eq(setenv("FELUCCA_TEST_CONDITION", "tagIsPresent(#Tag.Modality)", 1), 0);
    loading_start(&loading, "receiver: { port: \"${env:FELUCCA_TEST_PORT}\" }\n"
                            "state_dir: /srv/${env:FELUCCA_TEST_PORT}/$${x}\n"
                            "nodes: [{ aet: A, destinations: [{ name: a, kheops: false, "
                            "stow_url: 'https://k:${env:FELUCCA_TEST_PORT}/x', "
                            "condition: '${env:FELUCCA_TEST_CONDITION}' }] }]\n");
    ck_loaded(&loading);
    ck_assert_int_eq(loading.config->receiver.port, 4242);
    ck_assert_str_eq(loading.config->state_dir, "/srv/4242/${x}");
    ck_assert_str_eq(loading.config->nodes[0].destinations[0].origin, "https://k:4242");
    ck_assert_str_eq(condition_text(loading.config->nodes[0].destinations[0].condition),
                     "tagIsPresent(#Tag.Modality)");
    loading_end(&loading);
}
END_TEST

static const struct caller_row {
    const char *label, *aet, *address;
    bool admitted;
} caller_rows[] = {
    {"the one address", "CT01", "::ffff:10.1.2.3", true},
    {"its neighbour", "CT01", "::ffff:10.1.2.4", false},
    {"in the network", "CT01", "::ffff:10.9.255.1", true},
    {"beside the network", "CT01", "::ffff:10.10.0.1", false},
    {"any address where none is written", "MR 02", "2001:db8::77", true},
    {"an unknown title", "XX99", "::ffff:10.1.2.3", false},
    {"another case", "ct01", "::ffff:10.1.2.3", false},
    {"an IPv6 network", "US03", "2001:db8:7fff::1", true},
    {"a bit beside it", "US03", "2001:db8:8000::1", false},
    {"IPv4 against an IPv6 network", "US03", "::ffff:10.1.2.3", false},
    {"IPv6 with the same last bytes", "CT01", "::10.1.2.3", false},
};

START_TEST(caller_is_admitted)
{
    const struct caller_row *row = &caller_rows[_i];
    unsigned char address[16];
    struct loading loading;
    loading_start(&loading, whole);
    ck_loaded(&loading);
    ck_assert_int_eq(inet_pton(AF_INET6, row->address, address), 1);
    const struct config_node *node = config_find_node(loading.config, "FELUCCA");
    ck_assert_msg((config_node_admits(node, row->aet, address) == CONFIG_ADMITS) == row->admitted, "%s",
                  row->label);
    ck_assert_msg(config_node_admits(config_find_node(loading.config, "SECOND"), row->aet, address) ==
                      CONFIG_ADMITS,
                  "%s", row->label);
    loading_end(&loading);
}
END_TEST

START_TEST(names_are_resolved_on_request)
{
    unsigned char loopback[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1};
    struct loading loading;
    /* A machine without a name service must not make this slow. */
    ck_assert_int_eq(setenv("RES_OPTIONS", "timeout:1 attempts:1", 1), 0);
    loading_start(&loading, "nodes: [{ aet: A, destinations: [], sources: [{ aet: X, host: localhost }, "
                            "{ aet: Y, host: no-such-name.invalid }] }]\n");
    ck_loaded(&loading);
    const struct config_node *node = &loading.config->nodes[0];
    ck_assert_int_eq(config_node_admits(node, "X", loopback), CONFIG_NAME_UNRESOLVED);
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    config_resolve_names(loading.config, &warnings);
    ck_assert_int_eq(config_node_admits(node, "X", loopback), CONFIG_ADMITS);
    ck_assert_int_eq(config_node_admits(node, "Y", loopback), CONFIG_NAME_UNRESOLVED);
    ck_assert_ptr_nonnull(strstr(text_string(&warnings), "no-such-name.invalid has no address"));
    ck_assert_ptr_null(strstr(text_string(&warnings), "localhost"));
    loading_end(&loading);
}
END_TEST

static size_t learned_count;

static void note_learned(const struct config_source *source, size_t addresses)
{
    ck_assert_str_eq(source->host, "localhost");
    ck_assert_uint_gt(addresses, 0);
    learned_count++;
}

/* What one process learns all know, and what was known stays known when the file is read again. */
START_TEST(names_are_shared_with_other_processes)
{
    static const char yaml[] = "nodes: [{ aet: A, destinations: [], sources: [{ aet: X, host: localhost }, "
                               "{ aet: Y, host: no-such-name.invalid }, { aet: Z, host: 10.1.2.3 }] }]\n";
    unsigned char loopback[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1},
                  other[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 9};
    struct loading loading, again;
    ck_assert_int_eq(setenv("RES_OPTIONS", "timeout:1 attempts:1", 1), 0);
    loading_start(&loading, yaml);
    ck_loaded(&loading);
    const struct config_node *node = &loading.config->nodes[0];
    ck_assert_uint_eq(config_share_names(loading.config, NULL), 2);
    ck_assert_int_eq(config_node_admits(node, "X", loopback), CONFIG_NAME_UNRESOLVED);
    ck_assert(config_admits_address(loading.config, other)); /* who knows */
    pid_t pid = fork();
    if (pid == 0)
        _exit(config_refresh_names(loading.config, note_learned) == 1 && learned_count == 1 ? 0 : 1);
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(config_node_admits(node, "X", loopback), CONFIG_ADMITS);
    ck_assert_int_eq(config_node_admits(node, "X", other), CONFIG_ADDRESS_UNKNOWN);
    ck_assert_int_eq(config_node_admits(node, "Y", loopback), CONFIG_NAME_UNRESOLVED);
    loading_start(&again, yaml);
    ck_loaded(&again);
    ck_assert_uint_eq(config_share_names(again.config, loading.config), 2);
    ck_assert_int_eq(config_node_admits(&again.config->nodes[0], "X", loopback), CONFIG_ADMITS);
    loading_end(&again);
    loading_end(&loading);
}
END_TEST

static void learn_names(const struct config *config)
{
    pid_t pid = fork();
    int status = 0;
    if (pid == 0)
        _exit(config_refresh_names(config, note_learned) == 0 ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Somebody may have written anything into what is shared. */
START_TEST(shared_names_are_never_read_beyond_their_end)
{
    const unsigned char wanted[16] = {0xFE, 0xFE, 0xFE};
    struct loading loading;
    loading_start(&loading,
                  "nodes: [{ aet: A, destinations: [], sources: [{ aet: X, host: localhost }] }]\n");
    ck_loaded(&loading);
    ck_assert_uint_eq(config_share_names(loading.config, NULL), 1);
    memset(loading.config->shared_names, 0xFE, 64); /* a count that no answer can have */
    ck_assert_int_ne(config_node_admits(&loading.config->nodes[0], "X", wanted), CONFIG_ADMITS);
    loading_end(&loading);
}
END_TEST

START_TEST(a_process_that_keeps_names_changes_nobody_elses)
{
    unsigned char loopback[16] = {[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1};
    struct loading loading;
    loading_start(&loading,
                  "nodes: [{ aet: A, destinations: [], sources: [{ aet: X, host: localhost }] }]\n");
    ck_loaded(&loading);
    const struct config_node *node = &loading.config->nodes[0];
    ck_assert_uint_eq(config_share_names(loading.config, NULL), 1);
    learn_names(loading.config);
    pid_t pid = fork();
    if (pid == 0) {
        config_keep_names(loading.config);
        bool kept = config_node_admits(node, "X", loopback) == CONFIG_ADMITS &&
                    mprotect(loading.config->shared_names, 64, PROT_READ | PROT_WRITE) == 0;
        memset(loading.config->shared_names, 0, 64);
        _exit(kept && config_node_admits(node, "X", loopback) == CONFIG_NAME_UNRESOLVED ? 0 : 1);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(config_node_admits(node, "X", loopback), CONFIG_ADMITS);
    loading_end(&loading);
}
END_TEST

/* ---- printing ---- */

static const char *const printed[] = {
    whole,
    "nodes: []\n",
    "state_dir: \"/srv/a \\\"b\\\" $${c} \\\\ d\"\nnodes: [{ aet: 'null', destinations: [{ name: '12: x #', "
    "stow_url: 'https://k/studies', condition: \"\\n  tagIsPresent(#Tag.Modality)\\n\\n  || true\" }] }]\n",
};

START_TEST(printed_configuration_reads_back_as_the_same)
{
    struct loading first, second;
    AUTO(text_release) struct text once = TEXT_EMPTY;
    AUTO(text_release) struct text twice = TEXT_EMPTY;
    loading_start(&first, printed[_i]);
    ck_loaded(&first);
    config_print(first.config, &once);
    loading_start(&second, text_string(&once));
    ck_assert_msg(second.code == 0, "%s\n%s", text_string(&once), text_string(&second.errors));
    config_print(second.config, &twice);
    ck_assert_str_eq(text_string(&once), text_string(&twice));
    for (size_t n = 0; n < first.config->node_count; n++)
        for (size_t d = 0; d < first.config->nodes[n].destination_count; d++) {
            const struct condition *condition = first.config->nodes[n].destinations[d].condition;
            if (condition)
                ck_assert_str_eq(condition_text(condition),
                                 condition_text(second.config->nodes[n].destinations[d].condition));
        }
    loading_end(&first);
    loading_end(&second);
}
END_TEST

/* Every key that holds a secret, written as it is. */
static const char secrets[] =
    "curve: { secret_key: hidden-1 }\n"
    "notify:\n"
    "  webhooks: [{ url: 'https://hooks.example.org/hidden-2', secret: hidden-3 }]\n"
    "  mail: [{ to: a@example.org, from: b@example.org, server: mail.example.org, user: u, "
    "password: hidden-4 }]\n"
    "  when: [failed, blocked 15m]\n"
    "nodes: [{ aet: A, sources: [{ aet: CT01, passcode: hidden-5 }], destinations: [{ name: a, "
    "stow_url: 'https://k/studies', headers: 'Authorization: Bearer hidden-6', albums: [{ name: b, "
    "destination_token: hidden-7, source_token: hidden-8 }] }] }]\n";

START_TEST(secrets_are_not_printed)
{
    static void (*const print[])(const struct config *, struct text *) = {config_print, config_print_json};
    struct loading loading;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    loading_start(&loading, secrets);
    ck_loaded(&loading);
    print[_i](loading.config, &out);
    ck_assert_msg(!strstr(text_string(&out), "hidden"), "%s", text_string(&out));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "***"));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "blocked 15m"));
    loading_end(&loading);
}
END_TEST

/* Each value is what it is in the file, and the JSON is whole. */
START_TEST(json_tells_the_causes_of_notices)
{
    struct loading loading;
    AUTO(text_release) struct text out = TEXT_EMPTY;
    loading_start(&loading, secrets);
    ck_loaded(&loading);
    config_print_json(loading.config, &out);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"when\":[\"failed\",\"blocked 15m\"]"));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"url\":\"***\",\"secret\":\"***\""));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"Authorization\":\"***\""));
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"destination_token\":\"***\""));
    loading_end(&loading);
}
END_TEST

/* ---- what ships ---- */

static const struct shared_folder {
    const char *label, *hints, *work, *control;
    const char *warned; /* "": of neither */
} shared_folders[] = {
    {"all in one folder", "ipc:///run/f/hints.sock", "ipc:///run/f/work.sock", "ipc:///run/f/control.sock",
     "wc"},
    {"work beside hints", "ipc:///run/f/hints.sock", "ipc:///run/f/work.sock", "ipc:///run/f/c/sock", "w"},
    {"control beside hints", "ipc:///run/f/hints.sock", "ipc:///run/f/w/sock", "ipc:///run/f/c.sock", "c"},
    {"a folder each", "ipc:///run/f/h/sock", "ipc:///run/f/w/sock", "ipc:///run/f/c/sock", ""},
    {"a folder with the same beginning", "ipc:///run/f/sock", "ipc:///run/ff/sock", "ipc:///run/f/f/sock",
     ""},
    {"work beside control", "ipc:///run/f/h/sock", "ipc:///run/f/work", "ipc:///run/f/control", ""},
};

START_TEST(shared_folder_of_sockets_is_warned_of)
{
    const struct shared_folder *row = &shared_folders[_i];
    struct loading loading;
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    text_format(&yaml, "endpoints: { hints: '%s', work: '%s', control: '%s' }\nnodes: []\n", row->hints,
                row->work, row->control);
    loading_start(&loading, text_string(&yaml));
    ck_loaded(&loading);
    const char *warnings = text_string(&loading.warnings);
    ck_assert_msg(!strstr(warnings, "endpoints: work: is in the folder of hints") ==
                      !strchr(row->warned, 'w'),
                  "%s: %s", row->label, warnings);
    ck_assert_msg(!strstr(warnings, "endpoints: control: is in the folder of hints") ==
                      !strchr(row->warned, 'c'),
                  "%s: %s", row->label, warnings);
    loading_end(&loading);
}
END_TEST

START_TEST(example_loads_without_a_warning)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    int code = config_load(FELUCCA_SOURCE "/felucca.example.yaml", &config, &errors, &warnings);
    ck_assert_msg(code == 0, "%s", text_string(&errors));
    ck_assert_str_eq(text_string(&warnings), "");
    ck_assert_uint_eq(config->node_count, 2);
}
END_TEST

/* The example says of its upper part that it shows the defaults; run_dir is where the units and the image have it. */
START_TEST(example_shows_the_defaults)
{
    struct loading loading;
    AUTO(config_destroy) struct config *example = NULL;
    AUTO(text_release) struct text ignored = TEXT_EMPTY;
    AUTO(text_release) struct text shown = TEXT_EMPTY;
    AUTO(text_release) struct text standard = TEXT_EMPTY;
    loading_start(&loading, "run_dir: /run/felucca\nnodes: []\n");
    ck_loaded(&loading);
    ck_assert_int_eq(config_load(FELUCCA_SOURCE "/felucca.example.yaml", &example, &ignored, &ignored), 0);
    config_print(example, &shown);
    config_print(loading.config, &standard);
    const char *end = strstr(text_string(&standard), "nodes:");
    ck_assert_ptr_nonnull(end);
    size_t length = (size_t)(end - text_string(&standard));
    ck_assert_msg(strncmp(text_string(&shown), text_string(&standard), length) == 0, "%s\n---\n%s",
                  text_string(&shown), text_string(&standard));
    loading_end(&loading);
}
END_TEST

/* Where a line of the text begins with the key, as a comment too; NULL: nowhere. */
static const char *find_key(const char *text, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = text; *line; line += *line == '\n') {
        const char *word = line + strspn(line, " #-");
        if (strncmp(word, name, length) == 0 && word[length] == ':')
            return line;
        line += strcspn(line, "\n");
    }
    return NULL;
}

/* text: what shows the section, from its key on; a mapping ends with an empty line. */
static void check_shown(const char *text, const struct config_section *section)
{
    for (const struct config_key *key = section->keys; key->name; key++) {
        const char *place = find_key(text, key->name);
        ck_assert_msg(place != NULL, "felucca.example.yaml does not show %s of %s", key->name, section->noun);
        if (!key->section || key->section == &config_auth_of_webhook) /* a destination's are shown */
            continue;
        const char *end = key->kind == CONFIG_SECTION ? strstr(place, "\n\n") : NULL;
        AUTO(memory_free) char *part = memory_string_n(place, end ? (size_t)(end - place) : strlen(place));
        check_shown(part, key->section);
    }
}

START_TEST(example_shows_every_key)
{
    AUTO(text_release) struct text example = TEXT_EMPTY;
    file_read(FELUCCA_SOURCE "/felucca.example.yaml", &example);
    check_shown(text_string(&example), config_schema());
}
END_TEST

START_TEST(reference_page_is_not_stale)
{
    AUTO(text_release) struct text generated = TEXT_EMPTY;
    AUTO(text_release) struct text page = TEXT_EMPTY;
    config_reference(&generated);
    file_read(FELUCCA_SOURCE "/docs/configuration.md", &page);
    ck_assert_msg(strcmp(text_string(&generated), text_string(&page)) == 0,
                  "run: felucca config --reference >docs/configuration.md");
}
END_TEST

/* ---- which file ---- */

START_TEST(file_is_found)
{
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    const char *named = sandbox_write(sandbox, "named.yaml", "state_dir: /named\nnodes: []\n");
    const char *variable = sandbox_write(sandbox, "variable.yaml", "state_dir: /variable\nnodes: []\n");
    sandbox_write(sandbox, "felucca.yaml", "state_dir: /here\nnodes: []\n");
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    for (int i = 0; i < 3; i++) {
        AUTO(config_destroy) struct config *config = NULL;
        AUTO(text_release) struct text texts = TEXT_EMPTY;
        ck_assert_int_eq(i < 2 ? setenv("FELUCCA_CONFIG", variable, 1) : unsetenv("FELUCCA_CONFIG"), 0);
        ck_assert_int_eq(config_load(i == 0 ? named : NULL, &config, &texts, &texts), 0);
        static const char *const expected[] = {"/named", "/variable", "/here"};
        ck_assert_str_eq(config->state_dir, expected[i]);
    }
}
END_TEST

static const struct absent_row {
    const char *label, *path, *error;
} absent_rows[] = {
    {"no such file", "/nowhere/felucca.yaml",
     "/nowhere/felucca.yaml: the configuration cannot be read: No such"},
    {"a folder", "/", "/: the configuration cannot be read: Is a directory"},
    {"none named and none there", NULL, "no configuration found: name one with --config FILE"},
};

START_TEST(missing_file_is_an_error)
{
    const struct absent_row *row = &absent_rows[_i];
    AUTO(sandbox_destroy) struct sandbox *sandbox = sandbox_create();
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    ck_assert_int_eq(unsetenv("FELUCCA_CONFIG"), 0);
    ck_assert_int_eq(chdir(sandbox_folder(sandbox)), 0);
    if (!row->path && file_exists("/etc/felucca/felucca.yaml"))
        return; /* this machine has one */
    ck_assert_int_eq(config_load(row->path, &config, &errors, &warnings), ERR_CONFIG);
    ck_assert_msg(strstr(text_string(&errors), row->error), "%s: %s", row->label, text_string(&errors));
    ck_assert_ptr_null(config);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("config");
    tests_add(tests, processes_keys_are_read);
    tests_add(tests, targets_of_notices_are_read);
    tests_add(tests, destination_is_read);
    tests_add(tests, albums_and_lookups);
    tests_add(tests, defaults_fill_the_rest);
    tests_add(tests, run_dir_may_be_of_the_environment);
    tests_add(tests, relative_state_dir_begins_at_the_file);
    tests_add(tests, values_are_replaced);
    tests_rows(tests, caller_is_admitted, ROWS(caller_rows));
    tests_add(tests, names_are_resolved_on_request);
    tests_add(tests, names_are_shared_with_other_processes);
    tests_add(tests, shared_names_are_never_read_beyond_their_end);
    tests_add(tests, a_process_that_keeps_names_changes_nobody_elses);
    tests_rows(tests, printed_configuration_reads_back_as_the_same, ROWS(printed));
    tests_rows(tests, secrets_are_not_printed, 2);
    tests_add(tests, json_tells_the_causes_of_notices);
    tests_rows(tests, shared_folder_of_sockets_is_warned_of, ROWS(shared_folders));
    tests_add(tests, example_loads_without_a_warning);
    tests_add(tests, example_shows_the_defaults);
    tests_add(tests, example_shows_every_key);
    tests_add(tests, reference_page_is_not_stale);
    tests_add(tests, file_is_found);
    tests_rows(tests, missing_file_is_an_error, ROWS(absent_rows));
    return tests_run(tests);
}
