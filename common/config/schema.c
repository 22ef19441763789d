#include "common/config/schema.h"

#include "common/config/config.h"
#include "common/config/processes.h"

#include <string.h>

#define MS     INT64_C(1)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEARS  (36500 * DAY)
#define MIB    (INT64_C(1) << 20)
#define GIB    (INT64_C(1) << 30)
#define TIB    (INT64_C(1) << 40)

#define OF(type, member) .offset = offsetof(struct type, member)
#define COUNTED(type, member, count) \
    .offset = offsetof(struct type, member), .count_offset = offsetof(struct type, count)

static const char *const client_words[] = {"required", "asked", "none", NULL};
static const char *const profile_words[] = {"bcp195", "bcp195-non-downgrading", "bcp195-extended", NULL};
static const struct config_key tls_keys[] = {
    {"port", CONFIG_INTEGER, OF(config, receiver.tls.port), .standard = "0", .least = 0, .most = 65535,
     .help = "TCP port on which DICOM is received over TLS, by usage 2762; `0` for none."},
    {"certificate_file", CONFIG_PATH, OF(config, receiver.tls.certificate_file), .otherwise = "none",
     .help = "The receiver's certificate (PEM), followed by those that lead to its authority."},
    {"key_file", CONFIG_PATH, OF(config, receiver.tls.key_file), .otherwise = "none",
     .help =
         "Its private key (PEM, without a passphrase). Nobody but the receiver should be able to read it."},
    {"ca_file", CONFIG_PATH, OF(config, receiver.tls.ca_file), .otherwise = "none",
     .help =
         "Certificates (PEM) of authorities that sign those of peers, or a folder with such files. Not the "
         "system's: whoever has a certificate of a public authority is no modality."},
    {"crl_file", CONFIG_PATH, OF(config, receiver.tls.crl_file), .otherwise = "none",
     .help =
         "Revocation lists (PEM) of these authorities: a peer's certificate is then refused where it is on its "
         "authority's list, or there is none, or it is out of date."},
    {"clients", CONFIG_CHOICE, OF(config, receiver.tls.clients), .standard = "required",
     .words = client_words,
     .help =
         "Whether a peer has to show a certificate: `asked` takes one that shows none, and `none` asks for none. "
         "One that is shown has to be right."},
    {"profile", CONFIG_CHOICE, OF(config, receiver.tls.profile), .standard = "bcp195", .words = profile_words,
     .help =
         "Security profile of PS3.15: `bcp195` (B.9) takes the cipher suites of BCP 195 and one of older "
         "peers, `bcp195-non-downgrading` (B.10) the former alone, `bcp195-extended` (B.11) those with keys "
         "of at least 256 bits on the curves. None takes TLS before 1.2."},
    {.name = NULL},
};
static const struct config_section tls_section = {
    "tls", NULL, 0, tls_keys,
    "A second port, for DICOM over TLS. The files are read again on SIGHUP; associations in progress keep what they "
    "began with."};

static const struct config_key receiver_keys[] = {
    {"port", CONFIG_INTEGER, OF(config, receiver.port), .standard = "11112", .least = 0, .most = 65535,
     .help = "TCP port on which DICOM is received as it is; `0` for none, where `tls` has one."},
    {"bind", CONFIG_BIND, OF(config, receiver.bind), .standard = "0.0.0.0",
     .help =
         "Address to listen on; `::` takes IPv6 (and, as Linux is usually set up, IPv4) on all interfaces."},
    {"max_associations", CONFIG_INTEGER, OF(config, receiver.max_associations), .standard = "64", .least = 1,
     .most = 4096,
     .help = "Most associations at once; further ones are refused as transient, \"local limit exceeded\"."},
    {"max_associations_per_source", CONFIG_INTEGER, OF(config, receiver.max_associations_per_source),
     .otherwise = "half of `max_associations`", .least = 1, .most = 4096,
     .help = "Most associations at once from one address, and with one calling AE title; further ones are "
             "refused in the same way, so that nobody uses up what others need."},
    {"transfer_syntaxes", CONFIG_UIDS,
     COUNTED(config, receiver.transfer_syntaxes, receiver.transfer_syntax_count), .otherwise = "all",
     .help =
         "Only these transfer syntaxes are accepted. Nothing is decoded, so there is a reason only where a "
         "destination does not take the others. Implicit VR Little Endian is always accepted for C-ECHO."},
    {"proxies", CONFIG_NETWORKS, COUNTED(config, receiver.proxies, receiver.proxy_count), .otherwise = "none",
     .help =
         "Addresses and networks (`10.0.0.5`, `10.0.0.0/28`) of load balancers in front of this receiver. From these a "
         "PROXY protocol header (version 2 or 1) is required, and the address in it counts for `sources`, limits, the "
         "log and what is recorded; from everybody else such a header is refused "
         "([how](cells.md#behind-a-load-balancer))."},
    {"idle_timeout", CONFIG_DURATION, OF(config, receiver.idle_timeout_ms), .standard = "60s",
     .least = 100 * MS, .most = DAY,
     .help =
         "An association that says nothing for so long is ended, and so is one that sends a message with less than 1 KiB/s over such a time."},
    {"min_free_space", CONFIG_SIZE, OF(config, receiver.min_free_space), .standard = "1GiB",
     .least = 256 * MIB, .most = 1024 * TIB,
     .help = "With less free space in the spool C-STORE answers A700 (out of resources); nothing is half "
             "stored."},
    {"tls", CONFIG_SECTION, .section = &tls_section},
    {.name = NULL},
};
static const struct config_section receiver_section = {"receiver", NULL, 0, receiver_keys,
                                                       "The process that takes DICOM from the network."};

static const struct config_key sender_keys[] = {
    {"slots", CONFIG_INTEGER, OF(config, sender.slots), .standard = "4", .least = 1, .most = 256,
     .help = "Parallel requests of one sender process."},
    {"batch_instances", CONFIG_INTEGER, OF(config, sender.batch_instances), .standard = "50", .least = 1,
     .most = 1000, .help = "Most instances in one STOW request."},
    {"batch_bytes", CONFIG_SIZE, OF(config, sender.batch_bytes), .standard = "64MiB", .least = 1024,
     .most = 16 * GIB, .help = "Most bytes in one STOW request, unless one instance alone is larger."},
    {.name = NULL},
};
static const struct config_section sender_section = {"sender", NULL, 0, sender_keys,
                                                     "The process that sends instances to destinations."};

static const struct config_key sharer_keys[] = {
    {"slots", CONFIG_INTEGER, OF(config, sharer.slots), .standard = "8", .least = 1, .most = 256,
     .help = "Parallel requests of one sharer process."},
    {.name = NULL},
};
static const struct config_section sharer_section = {"sharer", NULL, 0, sharer_keys,
                                                     "The process that puts series into albums."};

static const struct config_key retry_keys[] = {
    {"first", CONFIG_DURATION, OF(config, retry.first_ms), .standard = "5s", .least = 10 * MS, .most = DAY,
     .help = "How long a destination rests after its first failure; the time doubles with each further one."},
    {"ceiling", CONFIG_DURATION, OF(config, retry.ceiling_ms), .standard = "15m", .least = 10 * MS,
     .most = 7 * DAY, .help = "The longest such rest."},
    {"attempts", CONFIG_INTEGER, OF(config, retry.attempts), .standard = "5", .least = 1, .most = 1000,
     .help =
         "How often one instance or share may fail before it becomes `failed`. An attempt counts only when "
         "another job succeeded at the same destination since the previous one, so an outage never uses "
         "attempts up."},
    {"give_up", CONFIG_DURATION, OF(config, retry.give_up_ms), .standard = "never", .least = SECOND,
     .most = YEARS, .word = "never", .help = "The age at which a job that still waits becomes `failed`."},
    {.name = NULL},
};
static const struct config_section retry_section = {"retry", NULL, 0, retry_keys,
                                                    "What happens when a destination is in trouble."};

static const struct config_key endpoint_keys[] = {
    {"hints", CONFIG_ENDPOINT, OF(config, endpoints.hints),
     .otherwise = "the socket `hints/sock` in `run_dir`", .help = "Receivers tell the router what arrived."},
    {"work", CONFIG_ENDPOINT, OF(config, endpoints.work), .otherwise = "the socket `work/sock` in `run_dir`",
     .help = "Senders and sharers take work from the router."},
    {"control", CONFIG_ENDPOINT, OF(config, endpoints.control),
     .otherwise = "the socket `control/sock` in `run_dir`",
     .help = "The router takes the operator's commands."},
    {.name = NULL},
};
static const struct config_section endpoint_section = {
    "endpoints", NULL, 0, endpoint_keys,
    "Where the processes meet: `ipc:///PATH` on one machine (between containers each socket's folder is a volume "
    "of its own), or `tcp://HOST:PORT` between hosts, for which `curve` is needed. The router listens there, "
    "on all addresses of its machine where HOST is a name or `*`, on that one alone where it is an IP address "
    "(`[::]` for all, with IPv6)."};

static const struct config_key curve_keys[] = {
    {"secret_key", CONFIG_SECRET, OF(config, curve.secret_key), .otherwise = "no encryption",
     .help =
         "This process's secret key, best as `${file:PATH}`; `felucca keys` makes one. Resolved only by a "
         "process that has a `tcp://` endpoint."},
    {"server_key", CONFIG_KEY, OF(config, curve.server_key), .otherwise = "not set",
     .help = "The router's public key, for all other processes. In single quotes: it may hold any sign but "
             "these."},
    {"allowed_keys", CONFIG_PATH, OF(config, curve.allowed_keys), .otherwise = "not set",
     .help = "For the router: a file with the public keys that may connect, one a line, each followed by a "
             "blank and a name or by nothing; lines that begin with `#` are comments. Read again on SIGHUP."},
    {.name = NULL},
};
static const struct config_section curve_section = {
    "curve", NULL, 0, curve_keys, "Keys for `tcp://` endpoints, which are encrypted and authenticated."};

static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const struct config_key log_keys[] = {
    {"level", CONFIG_CHOICE, OF(config, log.level), .standard = "info", .words = log_levels,
     .help = "What is worth a line. SIGUSR1 makes a running process say more, SIGUSR2 less."},
    {"format", CONFIG_CHOICE, OF(config, log.format), .standard = "text", .words = log_formats,
     .help = "Lines for people, or one JSON object a line."},
    {.name = NULL},
};
static const struct config_section log_section = {"log", NULL, 0, log_keys,
                                                  "The log of each process, on its standard error."};

static const struct config_key webhook_keys[] = {
    {"url", CONFIG_HOOK, OF(config_webhook, url), .required = true,
     .help = "Where each notice is posted to as JSON. Kept like a secret, since it often holds one: best as "
             "`${file:PATH}`."},
    {"secret", CONFIG_SECRET, OF(config_webhook, secret), .otherwise = "no signature",
     .help =
         "Key of the signature in the header `X-Felucca-Signature`: `sha256=` and the HMAC-SHA-256 of the body."},
    {"name", CONFIG_NAME, OF(config_webhook, name), .otherwise = "`webhook-1`, `webhook-2` and so on",
     .help = "How status, logs and metrics call it; unique. What still waits for it goes by this name."},
    {"ca_file", CONFIG_PATH, OF(config_webhook, ca_file), .otherwise = "the system's",
     .help = "Certificates (PEM) that sign the server's."},
    {"auth", CONFIG_SECTION, .section = &config_auth_of_webhook,
     .written_offset = offsetof(struct config_webhook, auth.is_written)},
    {.name = NULL},
};
static const struct config_section webhook_section = {"webhook", "name", sizeof(struct config_webhook),
                                                      webhook_keys, "A server that gets notices as JSON."};

static const char *const mail_tls_words[] = {"starttls", "tls", "none", NULL};
static const struct config_key mail_keys[] = {
    {"to", CONFIG_LINE, OF(config_mail, to), .required = true,
     .help = "The address that gets notices, or several with commas between them."},
    {"from", CONFIG_LINE, OF(config_mail, from), .required = true,
     .help = "The address that they come from."},
    {"server", CONFIG_LINE, OF(config_mail, server), .required = true,
     .help = "The mail server, `HOST` or `HOST:PORT`; the port is 587 with `starttls`, 465 with `tls` and 25 "
             "with `none` unless written."},
    {"user", CONFIG_LINE, OF(config_mail, user), .otherwise = "no login", .help = "Who logs in there."},
    {"password", CONFIG_SECRET, OF(config_mail, password), .otherwise = "no login",
     .help = "And with what; best as `${file:PATH}`."},
    {"tls", CONFIG_CHOICE, OF(config_mail, tls), .standard = "starttls", .words = mail_tls_words,
     .help = "`starttls`: encrypted after the greeting, or nothing is sent; `tls`: from the first byte on; "
             "`none`: readable for everybody on the way."},
    {"name", CONFIG_NAME, OF(config_mail, name), .otherwise = "`mail-1`, `mail-2` and so on",
     .help = "How status, logs and metrics call it; unique. What still waits for it goes by this name."},
    {"ca_file", CONFIG_PATH, OF(config_mail, ca_file), .otherwise = "the system's",
     .help = "Certificates (PEM) that sign the server's."},
    {.name = NULL},
};
static const struct config_section mail_section = {"mail", "name", sizeof(struct config_mail), mail_keys,
                                                   "Addresses that get notices as mail, over SMTP."};

static const struct config_key notify_keys[] = {
    {"webhooks", CONFIG_LIST, COUNTED(config, notify.webhooks, notify.webhook_count), .otherwise = "none",
     .section = &webhook_section, .help = "Servers that get notices as JSON, see below."},
    {"mail", CONFIG_LIST, COUNTED(config, notify.mails, notify.mail_count), .otherwise = "none",
     .section = &mail_section, .help = "Addresses that get notices as mail, see below."},
    {"when", CONFIG_CAUSES, COUNTED(config, notify.when, notify.when_count), .otherwise = "all",
     .help =
         "The causes, as words: `failed`, `blocked`, `quarantine`, `backlog`, `disk`, `token`, `expiry`, `router`; some "
         "with a limit behind a blank, such as `blocked 15m` or `disk 20GiB`. See [notices](notify.md)."},
    {.name = NULL},
};
static const struct config_section notify_section = {
    "notify", NULL, 0, notify_keys,
    "Who is told when something needs a person, by the process felucca-notifier; see [notices](notify.md)."};

static const char *const risk_words[] = {"no", "yes-i-know", NULL};
static const struct config_key trusted_proxy_keys[] = {
    {"addresses", CONFIG_NETWORKS,
     COUNTED(config, console.trusted_proxy.addresses, console.trusted_proxy.address_count),
     .otherwise = "none",
     .help =
         "Addresses and networks of the proxy. From these, and from nobody else, the headers below are believed: let "
         "nobody else connect from there."},
    {"user_header", CONFIG_LINE, OF(config, console.trusted_proxy.user_header),
     .standard = "X-Forwarded-User",
     .help =
         "The header that names who is signed in. The proxy has to set it, or remove it, in each request."},
    {"groups_header", CONFIG_LINE, OF(config, console.trusted_proxy.groups_header),
     .otherwise = "everybody is a viewer",
     .help = "The header with the groups of that person, with commas between them."},
    {"operators", CONFIG_LINE, OF(config, console.trusted_proxy.operators), .otherwise = "nobody",
     .help = "The group whose members are operators; everybody else is a viewer."},
    {.name = NULL},
};
static const struct config_section trusted_proxy_section = {
    "trusted_proxy", NULL, 0, trusted_proxy_keys,
    "A reverse proxy in front of the console that has asked who somebody is (single sign-on), and says it in headers. See "
    "[who may](console.md#who-may)."};

static const struct config_key console_tls_keys[] = {
    {"certificate_file", CONFIG_PATH, OF(config, console.certificate_file), .otherwise = "plain HTTP",
     .help = "The console's certificate (PEM), followed by those that lead to its authority."},
    {"key_file", CONFIG_PATH, OF(config, console.key_file), .otherwise = "none",
     .help =
         "Its private key (PEM, without a passphrase). Nobody but the console should be able to read it."},
    {.name = NULL},
};
static const struct config_section console_tls_section = {
    "tls", NULL, 0, console_tls_keys,
    "HTTPS (TLS 1.2 and 1.3) in place of HTTP. The files are read again on SIGHUP."};

static const char *const finder_words[] = {"viewers", "operators", NULL};
static const struct config_key console_keys[] = {
    {"bind", CONFIG_BIND, OF(config, console.bind), .standard = "127.0.0.1",
     .help =
         "Address on which its pages are served; one of this machine's own (`127.0.0.1`, `::1`) unless there are "
         "`users` with `tls`, or a `trusted_proxy`, or `insecure` says otherwise."},
    {"port", CONFIG_INTEGER, OF(config, console.port), .standard = "9480", .least = 1, .most = 65535,
     .help = "Its TCP port."},
    {"users", CONFIG_PATH, OF(config, console.users), .otherwise = "nobody signs in, everybody is a viewer",
     .help =
         "A file of names, roles and hashes of passwords, which `felucca console passwd NAME` writes. Read again when it "
         "changes."},
    {"fleet_sha256", CONFIG_LINE, OF(config, console.fleet_sha256), .otherwise = "none is known",
     .help =
         "The SHA-256, in 64 hexadecimal digits, of the token that `felucca fleet` of other cells shows "
         "([the fleet](cells.md#the-fleet)). With it `/now.json` and `/study/UID.json` can be read, and nothing else."},
    {"insecure", CONFIG_CHOICE, OF(config, console.insecure), .standard = "no", .words = risk_words,
     .help =
         "`yes-i-know`: it may listen on any address, also without `tls` and without users, which a container needs whose "
         "port is published on the loopback address of its host. Without users it still answers only those who call it "
         "127.0.0.1, [::1] or localhost."},
    {"search", CONFIG_CHOICE, OF(config, console.search), .standard = "viewers", .words = finder_words,
     .help =
         "Who may look for studies by Accession Number, Patient ID or Study ID: `viewers`, everybody who sees the pages, or "
         "`operators` alone."},
    {"trusted_proxy", CONFIG_SECTION, .section = &trusted_proxy_section},
    {"tls", CONFIG_SECTION, .section = &console_tls_section},
    {.name = NULL},
};
static const struct config_section console_section = {
    "console", NULL, 0, console_keys,
    "Web pages that show what the command line shows, by the process felucca-console; see [the console](console.md). Without "
    "this section there is none; `{}` takes the defaults."};

/* "receiver 0, router 1, ", of all that have a port. */
#define PORTS_ONE(name, port)              name " " #port ", "
#define PORTS_MANY(name, port)             PORTS_ONE(name, port)
#define PORTS_NOTIFYING(name, port)        PORTS_ONE(name, port)
#define PORTS_SHOWING(name, port)          PORTS_ONE(name, port)
#define PORTS_WATCHING(name, port)         PORTS_ONE(name, port)
#define PORTS_REPORTING(name, port)        PORTS_ONE(name, port)
#define PORTS_HELPER(name, port)           ""
#define PORT(NAME, name, count, port, ...) PORTS_##count(name, port)
#define PORTS                              PROCESS_MAP(PORT)
static const struct config_key metrics_keys[] = {
    {"bind", CONFIG_BIND, OF(config, metrics.bind), .standard = "127.0.0.1",
     .help = "Address on which /metrics, /healthz and /readyz are served."},
    {"port", CONFIG_INTEGER, OF(config, metrics.port), .standard = "9400", .least = 0,
     .most = 65536 - PROCESS_PORTS,
     .help = "Each process adds its number to this port: " PORTS "or has none where it is `0`."},
    {.name = NULL},
};
static const struct config_section metrics_section = {"metrics", NULL, 0, metrics_keys,
                                                      "Prometheus metrics and health of each process."};

static const struct config_key album_keys[] = {
    {"name", CONFIG_NAME, OF(config_album, name), .required = true,
     .help = "How commands, logs and metrics call it; unique in its destination."},
    {"api_url", CONFIG_URL, OF(config_album, api_url), .otherwise = "the destination's `api_url`",
     .help = "The API of the KHEOPS that holds the album; the same KHEOPS as the destination's."},
    {"destination_token", CONFIG_SECRET, OF(config_album, destination_token), .required = true,
     .help = "Token of this album, with the permission *Write*."},
    {"source_token", CONFIG_SECRET, OF(config_album, source_token), .required = true,
     .help =
         "Token of the album that the destination writes to, with the permissions *Read* and *Add to Album / "
         "Inbox*."},
    {"destination_token_expires", CONFIG_DATE, OF(config_album, destination_token_expires),
     .otherwise = "KHEOPS's default is assumed",
     .help =
         "The day on which `destination_token` ends, as KHEOPS shows it (`2027-02-26`): you are told 14 days before."},
    {"source_token_expires", CONFIG_DATE, OF(config_album, source_token_expires),
     .otherwise = "KHEOPS's default is assumed", .help = "The same of `source_token`."},
    {"condition", CONFIG_CONDITION, OF(config_album, condition), .otherwise = "always",
     .help = "A series is put into the album when this holds for one of its instances."},
    {.name = NULL},
};
static const struct config_section album_section = {
    "album", "name", sizeof(struct config_album), album_keys,
    "A further album that gets the series for which a condition holds."};

static const char *const priority_words[] = {"low", "normal", "high", NULL};
static const char *const conflict_words[] = {"failed", "stored", NULL};
static const struct config_key destination_keys[] = {
    {"name", CONFIG_NAME, OF(config_destination, name), .required = true,
     .help = "How commands, logs and metrics call it; unique in the file."},
    {"stow_url", CONFIG_URL, OF(config_destination, stow_url), .required = true,
     .help = "Where instances are posted to; for KHEOPS `https://HOST/api/studies`."},
    {"headers", CONFIG_HEADERS, COUNTED(config_destination, headers, header_count), .otherwise = "none",
     .help = "HTTP headers of each request: `Name: value`, one a line, or KARNAK's form `<key>Name</key> "
             "<value>value</value>`. KHEOPS needs `Authorization: Bearer TOKEN` of the main album, with the "
             "permission *Write*."},
    {"expires", CONFIG_DATE, OF(config_destination, expires), .otherwise = "KHEOPS's default is assumed",
     .help =
         "The day on which the token in `headers` ends, as KHEOPS shows it (`2027-02-26`): you are told 14 days "
         "before."},
    {"auth", CONFIG_SECTION, .section = &config_auth_of_destination,
     .written_offset = offsetof(struct config_destination, auth.is_written)},
    {"condition", CONFIG_CONDITION, OF(config_destination, condition), .otherwise = "always",
     .help = "Only instances for which it holds are sent."},
    {"sop_classes", CONFIG_UIDS, COUNTED(config_destination, sop_classes, sop_class_count),
     .otherwise = "all", .help = "Only instances of these SOP classes are sent."},
    {"connections", CONFIG_INTEGER, OF(config_destination, connections), .standard = "4", .least = 1,
     .most = 256, .help = "Most parallel requests, over all senders. More than 12 bring nothing at KHEOPS."},
    {"rate", CONFIG_RATE, OF(config_destination, rate), .otherwise = "as much as passes", .least = 10000,
     .most = INT64_C(100000000000),
     .help =
         "Most bytes a second of deliveries, over all senders together: `20 MB/s`, `500 kB/s`, `100 Mbit/s` "
         "([how](hours.md#the-width))."},
    {"priority", CONFIG_CHOICE, OF(config_destination, priority), .standard = "normal",
     .words = priority_words,
     .help = "Which destination gets a free worker first, where several have something due: see "
             "[who goes first](hours.md#who-goes-first)."},
    {"kheops", CONFIG_BOOLEAN, OF(config_destination, kheops), .standard = "true",
     .help = "false: a plain STOW server, with neither tokens to ask about nor albums."},
    {"api_url", CONFIG_URL, OF(config_destination, api_url), .otherwise = "`stow_url` without `/studies`",
     .help = "KHEOPS's API, for questions about tokens."},
    {"skip_verify", CONFIG_BOOLEAN, OF(config_destination, skip_verify), .standard = "false",
     .help = "KHEOPS's `skipVerify=true`: instances may contradict what it knows of their study and series."},
    {"conflict_means", CONFIG_CHOICE, OF(config_destination, conflict_means), .standard = "failed",
     .words = conflict_words,
     .help =
         "What status 409 without a readable answer says. `stored` is for servers that answer so for what "
         "they have already."},
    {"ensure_visible", CONFIG_BOOLEAN, OF(config_destination, ensure_visible), .standard = "false",
     .help = "Asks KHEOPS to look at a study again once nothing of it was stored for six times "
             "`retry.first`, for installations where series arrive but stay invisible because KHEOPS failed "
             "to look itself. Needs `kheops: true`."},
    {"http2", CONFIG_BOOLEAN, OF(config_destination, http2), .standard = "false",
     .help = "HTTP/2 where the server offers it. HTTP/1.1 unless asked for: servers that end a connection "
             "after so many requests do it cleanly there."},
    {"allow_other_origin", CONFIG_BOOLEAN, OF(config_destination, allow_other_origin), .standard = "false",
     .help = "Accepts albums whose `api_url` has another host or port than `stow_url`, for one KHEOPS behind "
             "two names."},
    {"ca_file", CONFIG_PATH, OF(config_destination, ca_file), .otherwise = "the system's",
     .help = "Certificates (PEM) that sign the server's."},
    {"client_cert", CONFIG_PATH, OF(config_destination, client_cert), .otherwise = "none",
     .help = "Certificate (PEM) that the sender shows."},
    {"client_key", CONFIG_PATH, OF(config_destination, client_key), .otherwise = "none",
     .help = "Its private key (PEM)."},
    {"proxy", CONFIG_PROXY, OF(config_destination, proxy), .otherwise = "none",
     .help =
         "A proxy on the way: `http://HOST:PORT`, with credentials `http://${file:PATH}@HOST:PORT` and "
         "`user:password` in that file; `none`; or `environment` for what `http_proxy`, `https_proxy` and "
         "`no_proxy` say, which is not looked at otherwise. See [proxies](proxies.md)."},
    {"insecure", CONFIG_BOOLEAN, OF(config_destination, insecure), .standard = "false",
     .help = "Does not verify the server's certificate, and says so at every start."},
    {"window", CONFIG_HOURS, COUNTED(config_destination, window, window_count), .otherwise = "always",
     .help =
         "When requests go to it and its albums: `20:00-06:00`, `Mon-Fri 19:30-07:00`, or a list of such spans; at other times they "
         "wait, which is no trouble ([how](hours.md)). A request that is under way at the end is not cut off."},
    {"time_zone", CONFIG_LINE, OF(config_destination, time_zone), .otherwise = "the host's (`TZ`)",
     .help = "The time zone of `window`, such as `Europe/Zurich`."},
    {"albums", CONFIG_LIST, COUNTED(config_destination, albums, album_count), .otherwise = "none",
     .section = &album_section, .help = "Further albums, see below."},
    {.name = NULL},
};
static const struct config_section destination_section = {
    "destination", "name", sizeof(struct config_destination), destination_keys,
    "A server that gets the instances: a KHEOPS with its main album, or any STOW-RS server."};

static const struct config_key source_keys[] = {
    {"aet", CONFIG_AET, OF(config_source, aet), .required = true, .help = "Calling AE title."},
    {"host", CONFIG_HOST, OF(config_source, host), .otherwise = "any",
     .help =
         "The address it must call from: an IP address, a network such as 10.1.2.0/24, or a name, which is "
         "looked up again and again: an address that changes is followed, and while there is none the source is rejected for now."},
    {"port", CONFIG_INTEGER, OF(config_source, port), .standard = "0", .least = 0, .most = 65535,
     .help =
         "The TCP port on which it listens itself; `0` for none. With one it may ask for storage commitment, and the report goes there: to "
         "`host`, or, where that is a network or missing, to the address that it asked from "
         "([how](commitment.md))."},
    {"passcode", CONFIG_SECRET, OF(config_source, passcode), .otherwise = "none is asked for",
     .help =
         "The passcode that its user identity (user name and passcode) has to hold, as `${file:PATH}`; any user name "
         "will do. It crosses the network as it is, but for the TLS port."},
    {"certificate", CONFIG_CERTIFICATE, OF(config_source, certificate), .otherwise = "any, or none",
     .help =
         "The certificate that it has to show on the TLS port: attributes of its subject (`CN=ct01.example.org`, "
         "several with commas between them, all of which it has to have), or its SHA-256 fingerprint. An entry for each "
         "of two certificates lets both in."},
    {.name = NULL},
};
static const struct config_section source_section = {"source", "aet", sizeof(struct config_source),
                                                     source_keys, "A modality or PACS that may send."};

static const char *const commitment_words[] = {"delivered", "received", NULL};
static const struct config_key commitment_keys[] = {
    {"when", CONFIG_CHOICE, OF(config_node, commitment.when), .standard = "delivered",
     .words = commitment_words,
     .help =
         "What a promise means: `delivered`, that every destination which takes the instance has answered that it has it; "
         "`received`, that it is durable here."},
    {"destinations", CONFIG_NAMES,
     COUNTED(config_node, commitment.destinations, commitment.destination_count), .otherwise = "all",
     .help = "Only these destinations of the node count."},
    {"patience", CONFIG_DURATION, OF(config_node, commitment.patience_ms), .standard = "24h", .least = SECOND,
     .most = YEARS,
     .help =
         "What is still on its way so long after it was asked for is reported as failed (0110), so that the requester "
         "keeps it and asks again."},
    {.name = NULL},
};
static const struct config_section commitment_section = {
    "commitment", NULL, 0, commitment_keys,
    "What storage commitment means, which its sources with a `port` may ask for ([how](commitment.md))."};

static const char *const mismatch_words[] = {"refuse", "accept", NULL};
static const struct config_key node_keys[] = {
    {"aet", CONFIG_AET, OF(config_node, aet), .required = true,
     .help = "Called AE title; a file names each once."},
    {"mismatched_uids", CONFIG_CHOICE, OF(config_node, mismatched_uids), .standard = "refuse",
     .words = mismatch_words,
     .help = "What becomes of an instance whose SOP Class or SOP Instance UID is not the one of its C-STORE "
             "command: `refuse` answers A900, `accept` delivers it under the UIDs of its data set."},
    {"commitment", CONFIG_SECTION, .section = &commitment_section},
    {"urgent", CONFIG_CONDITION, OF(config_node, urgent),
     .otherwise = "what was sent with priority HIGH alone",
     .help =
         "What it holds for goes before everything else to each destination, as what a modality sends with the DIMSE "
         "priority HIGH does anyway ([who goes first](hours.md#who-goes-first))."},
    {"sources", CONFIG_LIST, COUNTED(config_node, sources, source_count), .otherwise = "any caller",
     .section = &source_section, .help = "Who may send to it, see below."},
    {"destinations", CONFIG_LIST, COUNTED(config_node, destinations, destination_count), .required = true,
     .section = &destination_section, .help = "Where its instances go, see below."},
    {.name = NULL},
};
static const struct config_section node_section = {"node", "aet", sizeof(struct config_node), node_keys,
                                                   "A called AE title. All nodes share the receiver's port."};

static const char *const taken_words[] = {"move", "delete", NULL};
static const struct config_key tray_keys[] = {
    {"name", CONFIG_AET, OF(config_tray, name), .required = true,
     .help =
         "What status, logs and metrics call it, and the calling AE title of what it brings, for conditions: letters, digits, "
         "`_` and `-`; a file names each once."},
    {"folder", CONFIG_PATH, OF(config_tray, folder), .required = true,
     .help =
         "The folder; those in it are looked into, too. Felucca's user must be able to read it and to write to it."},
    {"node", CONFIG_AET, OF(config_tray, node), .otherwise = "the only one",
     .help = "The called AE title of the node that takes them."},
    {"taken", CONFIG_CHOICE, OF(config_tray, taken), .standard = "move", .words = taken_words,
     .help =
         "What becomes of a file once it is durable in the spool: `move` puts it into `done`/ in the folder, where it is "
         "yours; `delete` removes it."},
    {"settle", CONFIG_DURATION, OF(config_tray, settle_ms), .standard = "10s", .least = 100,
     .most = 24 * HOUR,
     .help =
         "A file is whole when neither its length nor its times have changed for so long. Longer than any pause of who "
         "writes it."},
    {.name = NULL},
};
static const struct config_section tray_section = {"tray", "name", sizeof(struct config_tray), tray_keys,
                                                   "A folder that felucca-tray watches ([how](trays.md))."};

static const struct config_key fleet_keys[] = {
    {"cell", CONFIG_NAME, OF(config_fleet_cell, cell), .required = true,
     .help = "Its name, as its own `cell` says."},
    {"url", CONFIG_URL, OF(config_fleet_cell, url), .required = true,
     .help =
         "Where its [console](console.md) is: `https://HOST`, or `http://127.0.0.1:PORT` where a tunnel to it begins."},
    {"token", CONFIG_SECRET, OF(config_fleet_cell, token), .otherwise = "none is shown",
     .help =
         "What is shown there (`Authorization: Bearer`); a token for this alone, which can read and nothing else."},
    {"ca_file", CONFIG_PATH, OF(config_fleet_cell, ca_file), .otherwise = "the system's",
     .help = "Authorities that vouch for its certificate."},
    {.name = NULL},
};
static const struct config_section fleet_section = {"fleet", "cell", sizeof(struct config_fleet_cell),
                                                    fleet_keys, "A cell that `felucca fleet` asks."};

static const char *const switch_words[] = {"off", "on", NULL};
static const struct config_key file_keys[] = {
    {"state_dir", CONFIG_PATH, OF(config, state_dir), .standard = "/var/lib/felucca",
     .help = "Holds the spool, the job database and the sockets."},
    {"run_dir", CONFIG_PATH, OF(config, run_dir), .otherwise = "`$FELUCCA_RUN_DIR`, else `state_dir`/run",
     .help =
         "Where the processes of one host meet: a folder with a socket each in hints/, work/ and control/. Never on a "
         "volume that several hosts have. Of use only where `endpoints` does not say it."},
    {"state_dir_is_shared", CONFIG_BOOLEAN, OF(config, state_dir_is_shared), .standard = "false",
     .help =
         "Whether `state_dir` may be on a file system whose locks often do not reach from one host or mount to another "
         "(SMB, FUSE, 9P); without it a router does not start there. Say `true` only where no other host or mount has "
         "the folder ([why](cells.md#the-fence))."},
    {"cell", CONFIG_NAME, OF(config, cell), .otherwise = "the host's name",
     .help = "How this Felucca is called where there are several ([cells](cells.md)): in status, show, logs, "
             "metrics and notices. `${env:FELUCCA_CELL}` takes it from the environment."},
    {"fleet", CONFIG_LIST, COUNTED(config, fleet, fleet_count), .otherwise = "none",
     .section = &fleet_section,
     .help =
         "The cells that `felucca fleet` asks ([the fleet](cells.md#the-fleet)), see below. While it names another one than "
         "this, what collides at KHEOPS counts later ([why](kheops.md#two-programs-with-one-study))."},
    {"retention", CONFIG_DURATION, OF(config, retention_ms), .standard = "0s", .least = 0, .most = YEARS,
     .help = "How long a spool file outlives its last delivery."},
    {"retention_excluded", CONFIG_DURATION, OF(config, retention_excluded_ms), .standard = "7d", .least = 0,
     .most = YEARS,
     .help = "How long it stays when every destination's condition said no, so that a typing error in a "
             "condition can be repaired."},
    {"retention_headers", CONFIG_DURATION, OF(config, retention_headers_ms), .standard = "30d", .least = 0,
     .most = YEARS,
     .help =
         "How long the header of each instance (all but its pixel data) is kept in `state_dir`/headers, so that `felucca "
         "reshare` and `retry` can ask conditions when the files are gone. It holds patient data "
         "([what and where](security.md#kept-headers)). `0s` keeps none, and removes those that are there."},
    {"quarantine_retention", CONFIG_DURATION, OF(config, quarantine_retention_ms), .standard = "never",
     .least = SECOND, .most = YEARS, .word = "never",
     .help =
         "After this time a file in quarantine is removed for good; without it only an operator does that."},
    {"quarantine_per_source", CONFIG_SIZE, OF(config, quarantine_per_source),
     .otherwise = "a tenth of the spool's disk", .least = 1024, .most = 1024 * TIB,
     .help =
         "Most bytes in quarantine from one calling AE title. Beyond it that title alone is answered A700, until "
         "files of it are retried or dropped."},
    {"history", CONFIG_DURATION, OF(config, history_ms), .standard = "30d", .least = 0, .most = YEARS,
     .help = "How long finished jobs stay in the job database."},
    {"search_hashes", CONFIG_BOOLEAN, OF(config, search_hashes), .standard = "true",
     .help =
         "Whether studies can be found by Accession Number, Patient ID and Study ID: the job database holds keyed "
         "hashes of them, never the numbers ([what that tells](security.md#numbers-that-people-look-for)). `false` "
         "removes those that are there."},
    {"core_dumps", CONFIG_BOOLEAN, OF(config, core_dumps), .standard = "false",
     .help =
         "Whether a process that crashes may leave its memory in a file. It holds images and tokens: only for a "
         "developer's machine. Counts from the next start."},
    {"sandbox", CONFIG_CHOICE, OF(config, sandbox), .standard = "on", .words = switch_words,
     .help =
         "Whether the processes that read what strangers send (associations, `felucca-header`, reports on storage "
         "commitment) may ask the kernel only for what they need (seccomp, Landlock). `off` is for a kernel that "
         "does this wrongly. Counts for the next association or report, and for headers from the router's next start."},
    {"receiver", CONFIG_SECTION, .section = &receiver_section},
    {"sender", CONFIG_SECTION, .section = &sender_section},
    {"sharer", CONFIG_SECTION, .section = &sharer_section},
    {"retry", CONFIG_SECTION, .section = &retry_section},
    {"endpoints", CONFIG_SECTION, .section = &endpoint_section},
    {"curve", CONFIG_SECTION, .section = &curve_section},
    {"log", CONFIG_SECTION, .section = &log_section},
    {"metrics", CONFIG_SECTION, .section = &metrics_section},
    {"notify", CONFIG_SECTION, .section = &notify_section},
    {"console", CONFIG_SECTION, .section = &console_section,
     .written_offset = offsetof(struct config, console.is_written)},
    {"trays", CONFIG_LIST, COUNTED(config, trays, tray_count), .otherwise = "none", .section = &tray_section,
     .help =
         "Folders whose DICOM files are taken as if a modality had sent them ([how](trays.md)), see below."},
    {"nodes", CONFIG_LIST, COUNTED(config, nodes, node_count), .required = true, .section = &node_section,
     .help = "What is received and where it goes, see below. `[]` for none."},
    {.name = NULL},
};
static const struct config_section file_section = {"file", NULL, sizeof(struct config), file_keys, NULL};

const struct config_section *config_schema(void)
{
    return &file_section;
}

const char *config_kind_text(enum config_kind kind)
{
    static const char *const texts[] = {
#define X(name, member, text) text,
        CONFIG_KIND_MAP(X)
#undef X
    };
    return texts[kind];
}

bool config_section_is_absent(const void *structure, const struct config_key *key)
{
    return key->written_offset > 0 && !*(const bool *)((const char *)structure + key->written_offset);
}

bool config_key_is_template(const struct config_key *key)
{
    return key->kind == CONFIG_SECRET || key->kind == CONFIG_HOOK || key->kind == CONFIG_HEADERS ||
           key->kind == CONFIG_PROXY;
}

void *config_member(void *structure, const struct config_key *key)
{
    return (char *)structure + key->offset;
}

const void *config_member_const(const void *structure, const struct config_key *key)
{
    return (const char *)structure + key->offset;
}

size_t *config_member_count(void *structure, const struct config_key *key)
{
    return (size_t *)(void *)((char *)structure + key->count_offset);
}

size_t config_member_count_const(const void *structure, const struct config_key *key)
{
    return *(const size_t *)(const void *)((const char *)structure + key->count_offset);
}

void *config_get_pointer(const void *structure, const struct config_key *key)
{
    void *pointer;
    memcpy(&pointer, config_member_const(structure, key), sizeof pointer);
    return pointer;
}

void config_set_pointer(void *structure, const struct config_key *key, void *pointer)
{
    memcpy(config_member(structure, key), &pointer, sizeof pointer);
}
