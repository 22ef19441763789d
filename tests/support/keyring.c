#include "tests/support/keyring.h"

#include "common/base/cleanup.h"
#include "tests/support/files.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static const char *const names[KEYRING_HOLDERS] = {
    [KEYRING_ROUTER] = "router", [KEYRING_RECEIVER] = "receiver", [KEYRING_SENDER] = "sender",
    [KEYRING_SHARER] = "sharer", [KEYRING_OPERATOR] = "operator", [KEYRING_STRANGER] = "stranger"};

void keyring_make(struct keyring *keyring, struct sandbox *sandbox)
{
    *keyring = (struct keyring){.list = sandbox_path(sandbox, "allowed-keys")};
    for (size_t i = 0; i < KEYRING_HOLDERS; i++) {
        ck_assert_int_eq(bus_make_keys(keyring->of[i].public_key, keyring->of[i].secret_key), 0);
        /* By way of a copy: gcc takes the members of one array for one buffer when it sanitizes. */
        char secret[sizeof keyring->of[i].secret_key];
        memcpy(secret, keyring->of[i].secret_key, sizeof secret);
        snprintf(keyring->of[i].variable, sizeof keyring->of[i].variable, "FELUCCA_TEST_CURVE=%s", secret);
        keyring->of[i].environment[0] = keyring->of[i].variable;
    }
    keyring_list(keyring, KEYRING_STRANGER, false);
}

void keyring_list(const struct keyring *keyring, enum keyring_holder holder, bool listed)
{
    AUTO(text_release) struct text content = TEXT_EMPTY;
    text_append(&content, "# who may talk to the router\n");
    for (enum keyring_holder i = KEYRING_RECEIVER; i < KEYRING_HOLDERS; i++) {
        if (i == holder ? listed : i != KEYRING_STRANGER)
            text_format(&content, "%s  %s\n", keyring->of[i].public_key, names[i]);
    }
    file_write_string(keyring->list, text_string(&content));
}

void keyring_config(const struct keyring *keyring, const char *host, int first_port, struct text *ret_yaml)
{
    text_format(ret_yaml,
                "endpoints:\n"
                "  hints: 'tcp://%s:%d'\n"
                "  work: 'tcp://%s:%d'\n"
                "  control: 'tcp://%s:%d'\n"
                "curve:\n"
                "  secret_key: '${env:FELUCCA_TEST_CURVE}'\n"
                "  server_key: '%s'\n"
                "  allowed_keys: '%s'\n",
                host, first_port, host, first_port + 1, host, first_port + 2,
                keyring->of[KEYRING_ROUTER].public_key, keyring->list);
}
