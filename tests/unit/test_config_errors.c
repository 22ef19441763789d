#include "common/config/config.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "tests/support/loading.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

/* A node with one destination; what follows is in it, at an indentation of eight. */
#define NODE                                    \
    "nodes:\n"                                  \
    "  - aet: FELUCCA\n"                        \
    "    destinations:\n"                       \
    "      - name: main\n"                      \
    "        stow_url: https://k/api/studies\n" \
    "        headers: 'Authorization: Bearer x'\n"
#define ALBUM                            \
    NODE "        albums:\n"             \
         "          - name: a\n"         \
         "            source_token: s\n" \
         "            destination_token: d\n"

struct row {
    const char *label, *yaml, *line; /* line: whole lines of the errors, or their start */
};

static const struct row value_rows[] = {
    {"no number", "receiver: { port: 5x }\nnodes: []\n",
     "felucca.yaml:1:19: receiver: port: \"5x\" is not a whole number; write digits only, "
     "a number from 0 to 65535\n"},
    {"too large a number", "receiver:\n  port: 70000\nnodes: []\n",
     "felucca.yaml:2:9: receiver: port: \"70000\" is out of range; write a number from 0 to 65535\n"},
    {"no duration", "retention: 5\nnodes: []\n",
     "felucca.yaml:1:12: retention: \"5\" is not a duration; write"},
    {"too short a duration", "receiver: { idle_timeout: 1ms }\nnodes: []\n",
     "felucca.yaml:1:27: receiver: idle_timeout: \"1ms\" is out of range; "
     "write a duration from 100ms to 1d\n"},
    {"no size", "sender: { batch_bytes: 64MB }\nnodes: []\n",
     "felucca.yaml:1:24: sender: batch_bytes: \"64MB\" is not a size; write"},
    {"too little free space", "receiver: { min_free_space: 255MiB }\nnodes: []\n",
     "felucca.yaml:1:29: receiver: min_free_space: \"255MiB\" is out of range; write a size from 256MiB"},
    {"neither true nor false", NODE "        kheops: yes\n",
     "felucca.yaml:7:17: node \"FELUCCA\": destination \"main\": kheops: \"yes\" is neither true nor false;"},
    {"a webhook without http", "notify: { webhooks: [{ url: hooks.example.org }] }\nnodes: []\n",
     "felucca.yaml:1:29: notify: webhook 1: url: does not begin with https:// or http://;"},
    {"a webhook without a URL", "notify: { webhooks: [{ secret: s }] }\nnodes: []\n",
     "felucca.yaml:1:22: notify: webhook 1: the key url is missing (secret URL)\n"},
    {"no mail address",
     "notify: { mail: [{ to: 'Ops <ops@example.org>', from: f@example.org, server: s }] }\nnodes: []\n",
     "felucca.yaml:1:24: notify: mail \"mail-1\": to: is no mail address; write user@example.org,"},
    {"two addresses of a sender",
     "notify: { mail: [{ to: o@example.org, from: 'f@example.org,g@example.org', server: s }] }\nnodes: []\n",
     "felucca.yaml:1:45: notify: mail \"mail-1\": from: is no mail address; write one such as"},
    {"a URL as mail server",
     "notify: { mail: [{ to: o@example.org, from: f@example.org, server: smtp://s }] }\nnodes: []\n",
     "felucca.yaml:1:68: notify: mail \"mail-1\": server: is no mail server; write HOST or HOST:PORT"},
    {"a user without password",
     "notify: { mail: [{ to: o@example.org, from: f@example.org, server: s, user: u }] }\nnodes: []\n",
     "felucca.yaml:1:77: notify: mail \"mail-1\": user: is alone; write user and password"},
    {"a password for everybody to read",
     "notify: { mail: [{ to: o@example.org, from: f@example.org, server: s, user: u, password: p, tls: none }]"
     " }\nnodes: []\n",
     "felucca.yaml:1:98: notify: mail \"mail-1\": tls: is none, so that everybody on the way could read"},
    {"an unknown cause", "notify: { webhooks: [{ url: 'http://h' }], when: [failure] }\nnodes: []\n",
     "felucca.yaml:1:51: notify: when: \"failure\" is no cause; write one of failed, blocked, quarantine, "
     "backlog, disk, token, expiry, router\n"},
    {"a limit of the wrong kind",
     "notify: { webhooks: [{ url: 'http://h' }], when: [disk 15m] }\nnodes: []\n",
     "felucca.yaml:1:51: notify: when: \"disk 15m\" is not a size; write"},
    {"a limit where there is none",
     "notify: { webhooks: [{ url: 'http://h' }], when: [failed 5m] }\nnodes: []\n",
     "felucca.yaml:1:51: notify: when: \"failed 5m\" is not a cause and its limit: failed has none;"},
    {"two targets of one name",
     "notify: { webhooks: [{ url: 'http://h' }, { url: 'http://i', name: webhook-1 }] }\nnodes: []\n",
     "felucca.yaml:1:68: notify: two targets are called webhook-1; give each another name\n"},
    {"an unknown word", "log: { level: verbose }\nnodes: []\n",
     "felucca.yaml:1:15: log: level: \"verbose\" is not known here; write error, warning, info or debug\n"},
    {"a path instead of an address", "metrics: { bind: localhost }\nnodes: []\n",
     "felucca.yaml:1:18: metrics: bind: \"localhost\" is not an IP address;"},
    {"a bad AE title", "nodes: [{ aet: 'A\\B', destinations: [] }]\n",
     "felucca.yaml:1:16: node \"A\\B\": aet: \"A\\B\" is not an AE title; it has 1 to 16"},
    {"a bad host", "nodes: [{ aet: A, destinations: [], sources: [{ aet: C, host: 10.1.2.300 }] }]\n",
     "felucca.yaml:1:63: node \"A\": source \"C\": host: \"10.1.2.300\" is neither an IP address"},
    {"a bad network", "nodes: [{ aet: A, destinations: [], sources: [{ aet: C, host: 10.1.2.0/33 }] }]\n",
     "felucca.yaml:1:63: node \"A\": source \"C\": host: \"10.1.2.0/33\" has no valid prefix length"},
    {"a network of a name", "nodes: [{ aet: A, destinations: [], sources: [{ aet: C, host: ct/24 }] }]\n",
     "felucca.yaml:1:63: node \"A\": source \"C\": host: \"ct/24\" is neither"},
    {"a bad UID", NODE "        sop_classes: [1.2, CT]\n",
     "felucca.yaml:7:28: node \"FELUCCA\": destination \"main\": sop_classes: \"CT\" is not a UID;"},
    {"a bad URL", "nodes: [{ aet: A, destinations: [{ name: x, stow_url: k/api/studies }] }]\n",
     "felucca.yaml:1:55: node \"A\": destination \"x\": stow_url: \"k/api/studies\" is not a URL;"},
    {"a bad endpoint", "endpoints: { hints: router:5570 }\nnodes: []\n",
     "felucca.yaml:1:21: endpoints: hints: \"router:5570\" is not an endpoint;"},
    {"a bad key", "curve: { server_key: abc }\nnodes: []\n",
     "felucca.yaml:1:22: curve: server_key: \"abc\" is not a CURVE key;"},
    {"a list for a value", "state_dir: [a]\nnodes: []\n",
     "felucca.yaml:1:12: state_dir: must be one value (path), not a list;"},
    {"a mapping for a value", "receiver: { port: { a: b } }\nnodes: []\n",
     "felucca.yaml:1:19: receiver: port: must be one value (number), not a mapping;"},
    {"a value for a list", "nodes: all\n", "felucca.yaml:1:8: nodes: must be a list;"},
    {"a value for a mapping", "receiver: on\nnodes: []\n", "felucca.yaml:1:11: receiver: must be a mapping;"},
    {"an item that is no mapping", "nodes:\n  - FELUCCA\n", "felucca.yaml:2:5: node 1: must be a mapping;"},
    {"no value", "state_dir:\nnodes: []\n",
     "felucca.yaml:1:11: state_dir: is empty; write a value, or leave the key out for its default\n"},
    {"null", "state_dir: null\nnodes: []\n", "felucca.yaml:1:12: state_dir: is empty;"},
    {"an empty text", "nodes: [{ aet: '', destinations: [] }]\n",
     "felucca.yaml:1:16: node \"\": aet: is empty; write a value\n"},
    {"an empty mapping", "receiver:\nnodes: []\n",
     "felucca.yaml:1:10: receiver: is empty; write its keys below it, or leave it out for the defaults\n"},
    {"a quoted number is one", "receiver: { max_associations: '0' }\nnodes: []\n",
     "felucca.yaml:1:31: receiver: max_associations: \"0\" is out of range;"},
    {"a tag", "state_dir: !!str /x\nnodes: []\n",
     "felucca.yaml:1:12: state_dir: YAML tags are not used here; quote a text that begins with !\n"},
    {"a tag on a mapping", "receiver: !x { port: 1 }\nnodes: []\n",
     "felucca.yaml:1:11: receiver: YAML tags are not used here; leave it out\n"},
    {"a tag on a list", "nodes: !x []\n",
     "felucca.yaml:1:8: nodes: YAML tags are not used here; leave it out\n"},
    {"a variable that is not set", "state_dir: ${env:FELUCCA_TEST_ABSENT}\nnodes: []\n",
     "felucca.yaml:1:12: state_dir: the environment variable FELUCCA_TEST_ABSENT is not set\n"},
    {"a file that is not there", "state_dir: ${file:nowhere}\nnodes: []\n",
     "felucca.yaml:1:12: state_dir: the file nowhere cannot be read: No such file or directory\n"},
    {"an unknown reference", "state_dir: ${HOME}/x\nnodes: []\n",
     "felucca.yaml:1:12: state_dir: \"${\" must begin ${env:NAME} or ${file:PATH}"},
    {"control characters are shown escaped", "log: { level: \"a\\nb\\e[31m\" }\nnodes: []\n",
     "felucca.yaml:1:15: log: level: \"a\\nb\\x1b[31m\" is not known here;"},
    {"columns count characters", "log: { \"\xC3\xA4\xC3\xB6\": 1, level: x }\nnodes: []\n",
     "felucca.yaml:1:8: log: there is no key \"\xC3\xA4\xC3\xB6\" here; there are level, format\n"
     "felucca.yaml:1:24: log: level: \"x\" is not known here;"},
};

static const struct row key_rows[] = {
    {"an unknown key", "receiver: { prot: 1 }\nnodes: []\n",
     "felucca.yaml:1:13: receiver: there is no key \"prot\"; did you mean port?\n"},
    {"an unknown key far from all", "receiver: { colour: red }\nnodes: []\n",
     "felucca.yaml:1:13: receiver: there is no key \"colour\" here; there are port, bind, max_associations, "
     "max_associations_per_source, transfer_syntaxes, proxies, "
     "idle_timeout, min_free_space, tls\n"},
    {"an unknown outermost key", "node: []\nnodes: []\n",
     "felucca.yaml:1:1: there is no key \"node\"; did you mean nodes?\n"},
    {"a key of another case", NODE "        Kheops: true\n",
     "felucca.yaml:7:9: node \"FELUCCA\": destination \"main\": there is no key \"Kheops\"; "
     "did you mean kheops?\n"},
    {"a key twice", "retention: 1s\nstate_dir: /x\nretention: 2s\nnodes: []\n",
     "felucca.yaml:3:1: retention: is there twice (line 1 has it already); keep one\n"},
    {"a list twice", "nodes: []\nnodes: []\n",
     "felucca.yaml:2:1: nodes: is there twice (line 1 has it already); keep one\n"},
    {"a merge key", "receiver: { <<: { port: 1 } }\nnodes: []\n",
     "felucca.yaml:1:13: receiver: there is no key \"<<\""},
    {"nodes missing", "state_dir: /x\n", "felucca.yaml:1:1: the key nodes is missing (list)\n"},
    {"the aet missing", "nodes:\n  - destinations: []\n",
     "felucca.yaml:2:5: node 1: the key aet is missing (AE title)\n"},
    {"the destinations missing", "nodes: [{ aet: A }]\n",
     "felucca.yaml:1:9: node \"A\": the key destinations is missing (list)\n"},
    {"the URL missing", "nodes: [{ aet: A, destinations: [{ name: x }] }]\n",
     "felucca.yaml:1:34: node \"A\": destination \"x\": the key stow_url is missing (URL)\n"},
    {"tokens missing", NODE "        albums: [{ name: a }]\n",
     "felucca.yaml:7:18: node \"FELUCCA\": destination \"main\": album \"a\": "
     "the key destination_token is missing (secret)\n"
     "felucca.yaml:7:18: node \"FELUCCA\": destination \"main\": album \"a\": "
     "the key source_token is missing (secret)\n"},
    {"an empty file", "", "felucca.yaml:1:1: the file is empty; it needs at least the key nodes\n"},
    {"comments only", "# nothing\n", "felucca.yaml:1:1: the file is empty;"},
    {"a list of things", "- nodes\n", "felucca.yaml:1:1: must be a mapping;"},
};

#define TLS_OF(keys)  "receiver: { tls: { " keys " } }\nnodes: []\n"
#define BOUND(source) "nodes:\n  - aet: F\n    sources: [{ aet: CT01, " source " }]\n    destinations: []\n"
static const struct row tls_rows[] = {
    {"no port at all", "receiver: { port: 0 }\nnodes: []\n",
     "felucca.yaml:1:19: receiver: port: is 0, and there is no TLS port either, so nothing is received; set one of "
     "them\n"},
    {"no certificate", TLS_OF("port: 2762, ca_file: a"),
     "felucca.yaml:1:26: receiver: tls: port: needs the receiver's certificate; set certificate_file and key_file"},
    {"no key", TLS_OF("port: 2762, ca_file: a, certificate_file: b"),
     "felucca.yaml:1:62: receiver: tls: certificate_file: is set without key_file; set both\n"},
    {"nobody to trust", TLS_OF("port: 2762, certificate_file: b, key_file: c"),
     "felucca.yaml:1:26: receiver: tls: port: takes only peers whose certificate an authority has signed, and none is "
     "named; set ca_file, or clients: none if anybody may send\n"},
    {"a list of nobody's", TLS_OF("port: 2762, certificate_file: b, key_file: c, clients: none, crl_file: d"),
     "felucca.yaml:1:91: receiver: tls: crl_file: is set without ca_file; set both\n"},
    {"no port for it", TLS_OF("certificate_file: b, key_file: c, ca_file: a"),
     "felucca.yaml:1:38: receiver: tls: certificate_file: is set without a port; set port, by usage 2762\n"},
    {"the plain port", TLS_OF("port: 11112, certificate_file: b, key_file: c, ca_file: a"),
     "felucca.yaml:1:26: receiver: tls: port: is the plain port, too; give each its own, or write port: 0 in receiver "
     "for TLS alone\n"},
    {"the metrics' port", TLS_OF("port: 9400, certificate_file: b, key_file: c, ca_file: a"),
     "felucca.yaml:1:1: metrics: port: the receiver would show its metrics on port 9400, on which DICOM is received"},
    {"an unknown profile", TLS_OF("profile: best"),
     "felucca.yaml:1:29: receiver: tls: profile: \"best\" is not known here; write bcp195, bcp195-non-downgrading or "
     "bcp195-extended\n"},
    {"an unknown key", TLS_OF("certificate: a"),
     "felucca.yaml:1:20: receiver: tls: there is no key \"certificate\""},
    {"a certificate that nobody is asked for", BOUND("certificate: CN=ct01"),
     "felucca.yaml:3:41: node \"F\": source \"CT01\": certificate: nobody is asked for one; set receiver: tls: port, with "
     "its certificate and key\n"},
    {"neither subject nor fingerprint", BOUND("certificate: ct01"),
     "felucca.yaml:3:41: node \"F\": source \"CT01\": certificate: \"ct01\" is neither a subject nor a fingerprint; "
     "write attributes of the certificate's subject, such as CN=ct01.example.org, or its SHA-256 fingerprint"},
};

#define WHERE_PLAIN "node \"A\": destination \"x\": auth: "
#define PLAIN(auth)                                                                                 \
    "nodes:\n  - aet: A\n    destinations:\n      - name: x\n        stow_url: https://k/studies\n" \
    "        kheops: false\n        auth: " auth "\n"
static const struct row auth_rows[] = {
    {"KHEOPS has tokens", NODE "        auth: { type: basic, user: u, password: p }\n",
     "felucca.yaml:7:23: node \"FELUCCA\": destination \"main\": auth: KHEOPS knows tokens of albums alone; write the "
     "token into headers, or kheops: false for another kind of server\n"},
    {"an unknown type", PLAIN("{ type: bearer }"),
     "felucca.yaml:7:23: " WHERE_PLAIN
     "type: \"bearer\" is not known here; write token, basic, oauth2 or aws_sigv4\n"},
    {"an unknown key", PLAIN("{ type: token, tokn: x }"),
     "felucca.yaml:7:30: " WHERE_PLAIN "there is no key \"tokn\"; did you mean token?\n"},
    {"basic without password", PLAIN("{ type: basic, user: u }"),
     "felucca.yaml:7:23: " WHERE_PLAIN "type: basic needs password; set it\n"},
    {"a user with a colon", PLAIN("{ type: basic, user: 'u:v', password: p }"),
     "felucca.yaml:7:36: " WHERE_PLAIN "user: has a colon in it"},
    {"a key of another type", PLAIN("{ type: basic, user: u, password: p, scope: s }"),
     "felucca.yaml:7:59: " WHERE_PLAIN
     "scope: is a key of type oauth2, and the type is basic; leave it out, or write type: oauth2\n"},
    {"neither secret nor key", PLAIN("{ type: oauth2, token_url: https://l/t, client_id: c }"),
     "felucca.yaml:7:23: " WHERE_PLAIN
     "type: oauth2 needs client_secret, or key to sign with; set one of them\n"},
    {"secret and key",
     PLAIN("{ type: oauth2, token_url: https://l/t, client_id: c, client_secret: s, key: k }"),
     "felucca.yaml:7:92: " WHERE_PLAIN "key: and client_secret are both set; keep the one that"},
    {"how no key signs",
     PLAIN("{ type: oauth2, token_url: https://l/t, client_id: c, client_secret: s, algorithm: RS256 }"),
     "felucca.yaml:7:98: " WHERE_PLAIN
     "algorithm: says how a key signs, and there is none; set key, or leave it out\n"},
    {"where no secret goes",
     PLAIN("{ type: oauth2, token_url: https://l/t, client_id: c, key: k, secret_in: form }"),
     "felucca.yaml:7:88: " WHERE_PLAIN
     "secret_in: says where client_secret goes, and there is none; leave it out\n"},
    {"a secret in the address",
     PLAIN("{ type: oauth2, token_url: 'https://u:geheim@l/t', client_id: c, key: k }"),
     "felucca.yaml:7:42: " WHERE_PLAIN "token_url: the URL holds a user name or password;"},
    {"no region", PLAIN("{ type: aws_sigv4, access_key: a, secret_key: s }"),
     "felucca.yaml:7:23: " WHERE_PLAIN "type: aws_sigv4 needs region; set it\n"},
    {"a region with a colon", PLAIN("{ type: aws_sigv4, access_key: a, secret_key: s, region: 'eu:1' }"),
     "felucca.yaml:7:72: " WHERE_PLAIN
     "region: has other characters than small letters, digits and hyphens;"},
    {"a webhook without password",
     "notify: { webhooks: [{ url: 'http://h', auth: { type: basic, user: u } }] }\nnodes: []\n",
     "felucca.yaml:1:55: notify: webhook \"webhook-1\": auth: type: basic needs password; set it\n"},
    {"two that show who sends",
     PLAIN("{ type: basic, user: u, password: p }\n        headers: 'Authorization: Bearer t'"),
     "felucca.yaml:7:23: " WHERE_PLAIN
     "type: headers have an Authorization as well, and a request carries one;"},
};

static const struct row check_rows[] = {
    {"an AE title twice",
     "nodes:\n  - { aet: A, destinations: [] }\n  - { aet: B, destinations: [] }\n  - { aet: A, "
     "destinations: [] }\n",
     "felucca.yaml:4:12: node \"A\": aet: is used twice (line 2 has it already); write one node"},
    {"a destination's name twice, in two nodes",
     "nodes:\n  - aet: A\n    destinations:\n      - { name: x, stow_url: 'https://k/studies', kheops: "
     "false }\n"
     "  - aet: B\n    destinations:\n      - { name: x, stow_url: 'https://l/studies', kheops: false }\n",
     "felucca.yaml:7:17: destination \"x\": name: is used twice (line 4 has it already);"},
    {"an album's name twice", ALBUM "          - { name: a, source_token: s, destination_token: d }\n",
     "felucca.yaml:11:21: destination \"main\": album \"a\": name: is used twice (line 8 has it already);"},
    {"an album at another host", ALBUM "            api_url: https://other/api\n",
     "felucca.yaml:11:22: node \"FELUCCA\": destination \"main\": album \"a\": api_url: "
     "is at https://other:443, "
     "but the destination at https://k:443; series cannot be shared between two KHEOPS."},
    {"an album at another port", ALBUM "            api_url: https://k:8443/api\n",
     "felucca.yaml:11:22: node \"FELUCCA\": destination \"main\": album \"a\": api_url: "
     "is at https://k:8443,"},
    {"an album by http", ALBUM "            api_url: http://k:443/api\n",
     "felucca.yaml:11:22: node \"FELUCCA\": destination \"main\": album \"a\": api_url: is at http://k:443,"},
    {"a plain server that shall look again", NODE "        kheops: false\n        ensure_visible: true\n",
     "felucca.yaml:8:25: node \"FELUCCA\": destination \"main\": ensure_visible: is a question to KHEOPS, "
     "and there is kheops: false;"},
    {"albums of a plain server", ALBUM "        kheops: false\n",
     "felucca.yaml:8:11: node \"FELUCCA\": destination \"main\": albums: only KHEOPS has albums;"},
    {"no /studies at the end",
     "nodes: [{ aet: A, destinations: [{ name: x, headers: 'A: b', stow_url: https://k/api/stow }] }]\n",
     "felucca.yaml:1:72: node \"A\": destination \"x\": stow_url: does not end in /studies,"},
    {"a token in the URL",
     "nodes: [{ aet: A, destinations: [{ name: x, headers: 'A: b', stow_url: "
     "https://k/api/link/t/studies }] }]\n",
     "felucca.yaml:1:72: node \"A\": destination \"x\": stow_url: is a link with a token in it,"},
    {"a password in the URL",
     "nodes: [{ aet: A, destinations: [{ name: x, stow_url: 'https://u:geheim@k/studies' }] }]\n",
     "felucca.yaml:1:55: node \"A\": destination \"x\": stow_url: the URL holds a user name or password;"},
    {"a certificate without key", NODE "        client_cert: a.pem\n",
     "felucca.yaml:7:22: node \"FELUCCA\": destination \"main\": client_cert: is set without client_key;"},
    {"a key without certificate", NODE "        client_key: a.pem\n",
     "felucca.yaml:7:21: node \"FELUCCA\": destination \"main\": client_key: is set without client_cert;"},
    {"no sources in the list", "nodes: [{ aet: A, sources: [], destinations: [] }]\n",
     "felucca.yaml:1:28: node \"A\": sources: an empty list does not say who may send;"},
    {"bad headers",
     "nodes: [{ aet: A, destinations: [{ name: x, stow_url: 'https://k/studies', headers: abc }] }]\n",
     "felucca.yaml:1:85: node \"A\": destination \"x\": headers: each line must be \"Name: value\""},
    {"tcp without keys", "endpoints: { work: tcp://r:1 }\nnodes: []\n",
     "felucca.yaml:1:20: endpoints: work: a tcp:// endpoint needs keys"},
    {"tcp without the other side's key",
     "curve: { secret_key: '${env:K}' }\nendpoints: { work: tcp://r:1 }\nnodes: []\n",
     "felucca.yaml:2:20: endpoints: work: a tcp:// endpoint needs to know the other side;"},
    {"one endpoint twice",
     "endpoints: { work: 'ipc:///run/x', hints: 'ipc:///run/x', control: 'ipc:///run/x' }\nnodes: []\n",
     "felucca.yaml:1:20: endpoints: work: is the same as hints; give each its own\n"
     "felucca.yaml:1:68: endpoints: control: is the same as another endpoint; give each its own\n"},
    {"too deep a state_dir",
     "nodes: []\n"
     "state_dir: "
     "/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/123456789/1234\n",
     "felucca.yaml:2:12: state_dir: its socket \"ipc:///123456789/"},
    {"the receiver's port among the metrics'",
     "receiver: { port: 9402 }\nmetrics: { port: 9400 }\nnodes: []\n",
     "felucca.yaml:2:18: metrics: port: the sender would show its metrics on port 9402,"},
    {"first longer than ceiling", "retry: { first: 1h }\nnodes: []\n",
     "felucca.yaml:1:17: retry: first: is longer than ceiling;"},
};

static const struct row condition_rows[] = {
    {"an unquoted !", NODE "        condition: !tagIsPresent(x)\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: "
     "an unquoted ! in front is a YAML tag, "
     "which would lose the condition; quote it, or write it as a block after |\n"},
    {"an unquoted ! that YAML cannot read",
     NODE "        condition: !tagValueIsPresent(#Tag.Modality, \"SR\")\n",
     "felucca.yaml:7:20: not YAML: did not find expected whitespace or line break while scanning a tag; "
     "a value that begins with ! is a YAML tag; quote it, or write it as a block after |\n"},
    {"an unquoted ! and a blank", NODE "        condition: ! tagIsPresent(x)\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: an unquoted ! in front"},
    {"an unquoted ! before a quote", NODE "        condition: ! 'tagIsPresent(x)'\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: an unquoted ! in front"},
    {"an unquoted ! before a block", NODE "        condition: ! |\n          tagIsPresent(x)\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: an unquoted ! in front"},
    {"a ! alone", NODE "        condition: !\n        connections: 1\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: an unquoted ! in front"},
    {"no condition", NODE "        condition:\n",
     "felucca.yaml:7:19: node \"FELUCCA\": destination \"main\": condition: is empty; "
     "leave the key out for always\n"},
    {"an empty condition", ALBUM "            condition: ''\n",
     "felucca.yaml:11:24: node \"FELUCCA\": destination \"main\": album \"a\": condition: is empty; "
     "leave the key out for always\n"},
    {"an empty block", NODE "        condition: |\n\n",
     "felucca.yaml:7:20: node \"FELUCCA\": destination \"main\": condition: is empty;"},
    {"a mistake in a block",
     ALBUM "            condition: |\n              tagValueContain(#Tag.Modality, \"CT\")\n",
     "felucca.yaml:12:15: node \"FELUCCA\": destination \"main\": album \"a\": condition: "
     "unknown function \"tagValueContain\"\n"
     "  tagValueContain(#Tag.Modality, \"CT\")\n"
     "  ^~~~~~~~~~~~~~~ did you mean tagValueContains?\n"},
    {"on a later line of a block", NODE "        condition: |\n\n          # is no comment here\n",
     "felucca.yaml:9:11: node"},
    {"behind a blank line and deeper",
     NODE "        condition: |\n          true\n\n            || tagIsPresnt(\"0008,0060\")\n",
     "felucca.yaml:10:16: node"},
    {"in a folded block",
     NODE "        condition: >-\n          true\n          || tagIsPresnt(\"0008,0060\")\n",
     "felucca.yaml:9:14: node"},
    {"in single quotes", NODE "        condition: 'tagValueIsPresent(\"0008,0060\", ''it'') || nonsense()'\n",
     "felucca.yaml:7:63: node"},
    {"in double quotes", NODE "        condition: \"tagIsPresent(\\\"0008,0060\\\") || nonsense()\"\n",
     "felucca.yaml:7:52: node"},
    {"plain", NODE "        condition: tagIsPresent(\"0008,0060\") || nonsense()\n",
     "felucca.yaml:7:49: node"},
    {"plain over two lines", NODE "        condition: tagIsPresent(\"0008,0060\")\n          || nonsense()\n",
     "felucca.yaml:8:14: node"},
    {"behind other characters",
     NODE "        condition: 'tagText(\"0008,0060\") == \"\xC3\xA4\xE2\x82\xAC\" || nonsense()'\n",
     "felucca.yaml:7:53: node"},
    {"an escape of YAML's", NODE "        condition: \"tagText('0008,0008') == 'ORIGINAL\\PRIMARY'\"\n",
     "felucca.yaml:7:54: node \"FELUCCA\": destination \"main\": condition: YAML's double quotes make another "
     "character of this backslash and the letter behind it; write the condition as a block after |, or in "
     "single quotes\n"},
    {"another escape", NODE "        condition: \"tagText('0008,0008') == \\\"A\\bB\\\"\"\n",
     "felucca.yaml:7:48: node"},
    {"a line break in a literal", NODE "        condition: \"tagText('0008,0008') == 'A\\nB'\"\n",
     "felucca.yaml:7:47: node"},
    {"no boolean", NODE "        condition: tagText(\"0008,0060\")\n", "felucca.yaml:7:20: node"},
    {"an unknown keyword", NODE "        condition: tagIsPresent(#Tag.Modalty)\n", "felucca.yaml:7:38: node"},
};

static void ck_errors(const struct row *row)
{
    struct loading loading;
    ck_assert_int_eq(unsetenv("FELUCCA_TEST_ABSENT"), 0);
    loading_start(&loading, row->yaml);
    ck_assert_msg(loading.code == ERR_CONFIG && !loading.config, "%s: no error", row->label);
    /* Nothing is before or behind it but what belongs to it. */
    const char *errors = text_string(&loading.errors);
    size_t length = strlen(row->line);
    ck_assert_msg(strncmp(errors, row->line, length) == 0, "%s: %s", row->label, errors);
    const char *rest = errors + length;
    if (length > 0 && row->line[length - 1] != '\n')
        rest = strchr(rest, '\n') + 1;
    while (strncmp(rest, "  ", 2) == 0)
        rest = strchr(rest, '\n') + 1;
    ck_assert_msg(*rest == '\0' || strstr(row->label, "too deep"), "%s: more: %s", row->label, rest);
    loading_end(&loading);
}

START_TEST(wrong_value)
{
    ck_errors(&value_rows[_i]);
}
END_TEST

START_TEST(wrong_key)
{
    ck_errors(&key_rows[_i]);
}
END_TEST

START_TEST(keys_that_disagree)
{
    ck_errors(&check_rows[_i]);
}
END_TEST

START_TEST(wrong_auth)
{
    ck_errors(&auth_rows[_i]);
}
END_TEST

START_TEST(wrong_tls)
{
    ck_errors(&tls_rows[_i]);
}
END_TEST

START_TEST(wrong_condition)
{
    ck_errors(&condition_rows[_i]);
}
END_TEST

/* ---- all at once, and no secret in it ---- */

START_TEST(all_errors_are_shown_in_their_order)
{
    struct loading loading;
    loading_start(&loading,
                  "retention: x\nreceiver:\n  prot: 1\n  port: y\nnodes:\n  - aet: A\n    destinations:\n"
                  "      - name: b\n        condition: nonsense\n  - aet: A\n    destinations: []\n");
    static const char *const starts[] = {"1:12: retention", "3:3: receiver",    "4:9: receiver: port",
                                         "8:9: node",       "9:20: node \"A\"", "10:10: node \"A\": aet"};
    const char *line = text_string(&loading.errors);
    for (size_t i = 0; i < ROWS(starts); i++) {
        ck_assert_msg(string_starts_with(line, "felucca.yaml:") &&
                          string_starts_with(line + strlen("felucca.yaml:"), starts[i]),
                      "%s: %s", starts[i], text_string(&loading.errors));
        do
            line = strchr(line, '\n') + 1;
        while (string_starts_with(line, "  "));
    }
    ck_assert_str_eq(line, "");
    loading_end(&loading);
}
END_TEST

static const struct secret_row {
    const char *label, *yaml;
} secret_rows[] = {
    {"in a header without name",
     NODE "        albums: []\n        sop_classes: x\n  - aet: B\n    destinations: "
          "[{ name: y, stow_url: 'https://k/studies', headers: geheim }]\n"},
    {"in a header with a bad name",
     "nodes: [{ aet: B, destinations: [{ name: y, stow_url: 'https://k/studies', "
     "headers: 'Bearer geheim: x' }] }]\n"},
    {"in a header with a bad template", "nodes: [{ aet: B, destinations: [{ name: y, stow_url: "
                                        "'https://k/studies', headers: 'A: ${geheim}' }] }]\n"},
    {"in a token on two lines",
     ALBUM "          - { name: b, source_token: \"geheim\\nx\", destination_token: d }\n"},
    {"in an auth that does not fit",
     "nodes: [{ aet: B, destinations: [{ name: y, stow_url: 'https://k/studies', kheops: false, auth: { type: basic, "
     "password: geheim, client_secret: geheim } }] }]\n"},
    {"in a token that is a list",
     ALBUM "          - { name: b, source_token: [geheim], destination_token: d }\n"},
    {"in a token with a bad template",
     ALBUM "          - { name: b, source_token: '${geheim}', destination_token: d }\n"},
    {"in a URL's password",
     "nodes: [{ aet: B, destinations: [{ name: y, stow_url: 'https://u:geheim@k/x' }] }]\n"},
    {"in a URL's query",
     "nodes: [{ aet: B, destinations: [{ name: y, stow_url: 'https://k/x?token=geheim' }] }]\n"},
    {"in a CURVE key", "curve: { secret_key: \"geheim\\n\" }\nnodes: x\n"},
    {"in a file that is no number", "receiver: { port: '${env:FELUCCA_TEST_HIDDEN}' }\nnodes: []\n"},
    {"in a file that is no URL",
     "nodes: [{ aet: B, destinations: [{ name: y, stow_url: '${env:FELUCCA_TEST_HIDDEN}' }] }]\n"},
    {"in a file that is no condition", NODE "        condition: ${env:FELUCCA_TEST_HIDDEN}\n"},
};

START_TEST(no_error_shows_a_secret)
{
    const struct secret_row *row = &secret_rows[_i];
    struct loading loading;
    ck_assert_int_eq(setenv("FELUCCA_TEST_HIDDEN", "geheim", 1), 0);
    loading_start(&loading, row->yaml);
    ck_assert_msg(loading.code == ERR_CONFIG, "%s: no error", row->label);
    ck_assert_msg(!strstr(text_string(&loading.errors), "geheim"), "%s: %s", row->label,
                  text_string(&loading.errors));
    ck_assert_msg(!strstr(text_string(&loading.warnings), "geheim"), "%s: %s", row->label,
                  text_string(&loading.warnings));
    loading_end(&loading);
}
END_TEST

/* ---- warnings ---- */

static const struct row warning_rows[] = {
    {"nothing to say", ALBUM, ""},
    {"http to another machine",
     "nodes: [{ aet: A, destinations: [{ name: x, headers: 'Authorization: Bearer t', stow_url: "
     "http://k/studies }] }]\n",
     "felucca.yaml:1:91: node \"A\": destination \"x\": stow_url: http:// shows the token"},
    {"http to this machine",
     "nodes: [{ aet: A, destinations: [{ name: x, headers: 'Authorization: Bearer t', stow_url: "
     "http://127.0.0.1/studies }] }]\n",
     ""},
    {"a certificate that is not verified", NODE "        insecure: true\n",
     "felucca.yaml:7:19: node \"FELUCCA\": destination \"main\": insecure: "
     "the server's certificate is not verified"},
    {"KHEOPS without a token",
     "nodes: [{ aet: A, destinations: [{ name: x, stow_url: 'https://k/studies' }] }]\n",
     "felucca.yaml:1:42: node \"A\": destination \"x\": headers: there is no Authorization header"},
    {"one token for both albums",
     NODE "        albums: [{ name: a, source_token: '${file:t}', destination_token: '${file:t}' }]\n",
     "felucca.yaml:7:43: node \"FELUCCA\": destination \"main\": album \"a\": source_token: is the same as"},
    {"two tokens at one server",
     NODE
     "      - name: second\n        stow_url: https://K:443/api/studies\n        headers: 'authorization: "
     "Bearer y'\n",
     "felucca.yaml:7:15: destination \"second\": "
     "sends to the same server as destination \"main\" with another token. When both take the same series"},
    {"one token at one server",
     NODE
     "      - name: second\n        stow_url: https://K:443/api/studies\n        headers: 'authorization: "
     "Bearer x'\n",
     ""},
    {"a node without destinations", "nodes: [{ aet: A, destinations: [] }]\n",
     "felucca.yaml:1:33: node \"A\": destinations: there is none"},
};

START_TEST(warning_does_not_fail)
{
    const struct row *row = &warning_rows[_i];
    struct loading loading;
    loading_start(&loading, row->yaml);
    ck_assert_msg(loading.code == 0, "%s: %s", row->label, text_string(&loading.errors));
    const char *warnings = text_string(&loading.warnings);
    ck_assert_msg(strncmp(warnings, row->line, strlen(row->line)) == 0, "%s: %s", row->label, warnings);
    const char *end = strchr(warnings, '\n');
    ck_assert_msg(*row->line ? end && !end[1] : !*warnings, "%s: more: %s", row->label, warnings);
    loading_end(&loading);
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("config_errors");
    tests_rows(tests, wrong_value, ROWS(value_rows));
    tests_rows(tests, wrong_key, ROWS(key_rows));
    tests_rows(tests, keys_that_disagree, ROWS(check_rows));
    tests_rows(tests, wrong_tls, ROWS(tls_rows));
    tests_rows(tests, wrong_auth, ROWS(auth_rows));
    tests_rows(tests, wrong_condition, ROWS(condition_rows));
    tests_add(tests, all_errors_are_shown_in_their_order);
    tests_rows(tests, no_error_shows_a_secret, ROWS(secret_rows));
    tests_rows(tests, warning_does_not_fail, ROWS(warning_rows));
    return tests_run(tests);
}
