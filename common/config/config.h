/* config - felucca.yaml, read and checked as a whole before anything runs.
 *
 * The reference of every key, its default and its meaning is docs/configuration.md, generated from the same
 * schema table that parses it. A config is read-only once loaded, and one allocation tree: everything reached
 * from it is borrowed until config_destroy(). */
#ifndef FELUCCA_CONFIG_CONFIG_H
#define FELUCCA_CONFIG_CONFIG_H

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/config/occasions.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct condition;        /* common/condition/condition.h */
struct hours;            /* common/base/hours.h */
struct config_addresses; /* names.c */

enum config_switch { CONFIG_OFF, CONFIG_ON };

enum config_conflict { CONFIG_CONFLICT_FAILED, CONFIG_CONFLICT_STORED };

/* One HTTP header of a destination; value is a secret template (secret.h). */
struct config_header {
    char *name;
    char *value;
};

/* How requests show who sends them (common/login). token: what headers hold, or the key token. */
enum config_auth_type { CONFIG_AUTH_TOKEN, CONFIG_AUTH_BASIC, CONFIG_AUTH_OAUTH2, CONFIG_AUTH_AWS_SIGV4 };

/* Where a client of a login server writes its secret: HTTP Basic or the form (RFC 6749, 2.3.1). */
enum config_auth_secret_in { CONFIG_SECRET_IN_HEADER, CONFIG_SECRET_IN_FORM };

/* What a signed assertion is for (RFC 7523): to say who the client is (2.2), or as the grant itself (2.1). */
enum config_auth_assertion { CONFIG_ASSERTION_CLIENT, CONFIG_ASSERTION_GRANT };

enum config_auth_algorithm {
    CONFIG_ALGORITHM_AUTO, /* by the key: RS256, ES256 or ES384 */
    CONFIG_ALGORITHM_RS256,
    CONFIG_ALGORITHM_RS384,
    CONFIG_ALGORITHM_ES256,
    CONFIG_ALGORITHM_ES384
};

/* NULL: not set. What its type does not need is NULL (check_auth.c). */
struct config_auth {
    bool is_written;
    enum config_auth_type type;
    char *token;           /* secret template */
    char *user, *password; /* basic; password is a secret template */
    char *token_url, *client_id, *scope, *audience;
    char *client_secret, *key; /* secret templates, one of them */
    enum config_auth_secret_in secret_in;
    enum config_auth_assertion assertion;
    enum config_auth_algorithm algorithm;
    char *key_id, *assertion_audience;
    char *ca_file;                                 /* of the login server */
    char *access_key, *secret_key, *session_token; /* aws_sigv4; secret templates */
    char *region, *service;
};

struct config_album {
    char *name;                                             /* unique in its destination */
    char *api_url;                                          /* without trailing slash */
    char *destination_token;                                /* secret template; needs WRITE */
    char *source_token;                                     /* secret template; needs READ and SEND */
    char *destination_token_expires, *source_token_expires; /* dates (config_date_ms()); NULL: not said */
    struct condition *condition;                            /* NULL: always */
};

/* Which destination gets a free worker first. */
enum config_priority { CONFIG_PRIORITY_LOW, CONFIG_PRIORITY_NORMAL, CONFIG_PRIORITY_HIGH };

struct config_destination {
    char *name; /* unique over all nodes */
    char *stow_url;
    char *api_url;
    char *origin; /* scheme://host:port of stow_url, lower case, port always written */
    struct config_header *headers;
    size_t header_count;
    struct condition *condition; /* NULL: always */
    char **sop_classes;
    size_t sop_class_count; /* 0: all */
    int connections;
    bool kheops;
    bool skip_verify;
    enum config_conflict conflict_means;
    bool ensure_visible;
    bool http2;
    bool allow_other_origin;
    bool insecure;
    char *ca_file, *client_cert, *client_key; /* NULL: not set */
    char *proxy;   /* proxy.h: "none", "environment" or a secret template; NULL: not said, which means none */
    char *expires; /* a date: when the token in headers ends; NULL: not said */
    struct config_auth auth;
    int64_t rate; /* bytes a second; 0: as many as pass */
    enum config_priority priority;
    char **window; /* spans of hours (hours.h) */
    size_t window_count;
    char *time_zone;     /* of the window; NULL: the host's */
    struct hours *hours; /* the window in its zone; NULL: always */
    struct config_album *albums;
    size_t album_count;
};

/* Who has to show a certificate on the receiver's TLS port; one that is shown has to be right. */
enum config_tls_clients { CONFIG_CLIENTS_REQUIRED, CONFIG_CLIENTS_ASKED, CONFIG_CLIENTS_NONE };

/* Profiles of PS3.15 annex B; none takes TLS before 1.2 (BCP 195, RFC 8996). */
enum config_tls_profile { CONFIG_BCP195, CONFIG_BCP195_NON_DOWNGRADING, CONFIG_BCP195_EXTENDED };

struct config_tls {
    int port;                                               /* 0: no TLS port */
    char *certificate_file, *key_file, *ca_file, *crl_file; /* NULL: not set; ca_file may be a folder */
    enum config_tls_clients clients;
    enum config_tls_profile profile;
};

/* A calling AE title that a node accepts, and from where. */
struct config_source {
    char *aet;
    char *certificate; /* a subject or a fingerprint (certificate_name.h); NULL: none is asked for */
    char *host;        /* as written; NULL: any address */
    int port;          /* where it listens itself, for reports on storage commitment; 0: not said */
    char *passcode;    /* a secret's template, which its user identity has to hold; NULL: none is asked for */
    /* The addresses that host means: prefixes of 16-byte addresses (IPv4 mapped). */
    struct config_network {
        unsigned char address[16];
        int prefix_bits; /* 0 to 128 */
    } * networks;
    size_t network_count;
    /* A host that is a name, after config_share_names(); NULL otherwise. */
    struct config_addresses *resolved;
};

enum config_mismatch { CONFIG_MISMATCH_REFUSE, CONFIG_MISMATCH_ACCEPT };

/* When storage commitment is promised, and for how long an instance may be on its way until it is denied. */
enum config_commitment_when { CONFIG_DELIVERED, CONFIG_RECEIVED };

struct config_node {
    char *aet;
    struct {
        enum config_commitment_when when;
        char **destinations;      /* names of the node's */
        size_t destination_count; /* 0: all */
        int64_t patience_ms;
    } commitment;
    struct condition *urgent;             /* NULL: nothing, but by its DIMSE priority */
    enum config_mismatch mismatched_uids; /* a C-STORE command with other UIDs than its data set */
    struct config_source *sources;
    size_t source_count; /* 0: any caller */
    struct config_destination *destinations;
    size_t destination_count;
};

/* Where notices go. The names are unique over both kinds: "webhook-1" unless written. */
struct config_webhook {
    char *name;
    char *url;     /* secret template: what is behind the host is often a key */
    char *secret;  /* secret template; NULL: no signature */
    char *ca_file; /* NULL: the system's */
    struct config_auth auth;
};

enum config_mail_tls { CONFIG_MAIL_STARTTLS, CONFIG_MAIL_TLS, CONFIG_MAIL_PLAIN };

struct config_mail {
    char *name;
    char *to; /* one address, or several with commas between them */
    char *from;
    char *server;   /* HOST or HOST:PORT */
    char *user;     /* NULL: nobody logs in */
    char *password; /* secret template */
    enum config_mail_tls tls;
    char *ca_file;
};

enum config_search { CONFIG_SEARCH_VIEWERS, CONFIG_SEARCH_OPERATORS };

/* Who stands in front of the console, has asked who somebody is, and says it in headers. */
struct config_trusted_proxy {
    char **addresses;                  /* addresses and networks (network.h) */
    size_t address_count;              /* 0: there is none */
    char *user_header, *groups_header; /* groups_header NULL: everybody is a viewer */
    char *operators;                   /* the group whose members are operators */
};

enum config_taken { CONFIG_TAKEN_MOVE, CONFIG_TAKEN_DELETE };

/* A folder whose DICOM files are taken. */
struct config_tray {
    char *name; /* the calling AE title of its instances, too: letters, digits, "_" and "-" */
    char *folder;
    char *node; /* its AE title; always set: the only one by default */
    enum config_taken taken;
    int64_t settle_ms; /* unchanged for so long, a file is whole */
};

/* A Felucca of the fleet, this one among them where one file is for all. */
struct config_fleet_cell {
    char *cell;
    char *url;     /* of its console */
    char *token;   /* secret template; NULL: none is shown */
    char *ca_file; /* NULL: the system's */
};

/* Whether the console may be where others reach it, although it asks nobody who he is, or asks in plain text. */
enum config_risk { CONFIG_RISK_NO, CONFIG_RISK_TAKEN };

struct config {
    char *path; /* of the file that was read */
    char *state_dir;
    char *run_dir; /* always set: state_dir/run by default */
    char *cell;    /* NULL: the host's name (cell.h) */
    struct config_fleet_cell *fleet;
    size_t fleet_count;
    bool state_dir_is_shared; /* its file system may be one with doubtful locks */
    struct {
        int port; /* 0: no plain port */
        char *bind;
        struct config_tls tls;
        int max_associations;
        int max_associations_per_source; /* of one address, and of one calling AE title */
        char **transfer_syntaxes;
        size_t transfer_syntax_count; /* 0: all */
        char **proxies;               /* addresses and networks (network.h) */
        size_t proxy_count;
        int64_t idle_timeout_ms;
        int64_t min_free_space; /* bytes */
    } receiver;
    struct {
        int slots;
        int batch_instances;
        int64_t batch_bytes;
    } sender;
    struct {
        int slots;
    } sharer;
    struct {
        int64_t first_ms, ceiling_ms;
        int attempts;
        int64_t give_up_ms; /* 0: never */
    } retry;
    int64_t retention_ms, retention_excluded_ms, history_ms;
    int64_t quarantine_retention_ms; /* 0: never */
    int64_t quarantine_per_source;   /* bytes; 0: a tenth of the disk */
    int64_t retention_headers_ms;    /* 0: none are kept */
    bool search_hashes;
    bool core_dumps;
    enum config_switch sandbox;
    struct {
        char *hints, *work, *control; /* always set: ipc:// in run_dir/ROLE by default */
    } endpoints;
    struct {
        char *secret_key;   /* secret template, or NULL: no CURVE */
        char *server_key;   /* the router's public key, or NULL */
        char *allowed_keys; /* path, or NULL */
    } curve;
    struct {
        enum log_level level;
        enum log_format format;
    } log;
    struct {
        char *bind;
        int port; /* where the processes' ports begin (processes.h); 0: none */
    } metrics;
    struct {
        struct config_webhook *webhooks;
        size_t webhook_count;
        struct config_mail *mails;
        size_t mail_count;
        char **when;
        size_t when_count;
        int64_t limits[OCCASIONS]; /* OCCASION_UNWANTED, or from when on */
    } notify;
    struct {
        bool is_written; /* there is to be a console; the rest counts then alone */
        char *bind;
        int port;
        enum config_risk insecure;
        char *users;        /* a file (common/users); NULL: nobody signs in */
        char *fleet_sha256; /* of the token of `felucca fleet`, hex digits; NULL: there is none */
        char *certificate_file, *key_file; /* NULL: plain HTTP */
        struct config_trusted_proxy trusted_proxy;
        enum config_search search; /* who may look for a patient's numbers */
    } console;
    struct config_tray *trays;
    size_t tray_count;
    struct config_node *nodes;
    size_t node_count;
    struct config_addresses *shared_names; /* the memory of all that sources have resolved */
    size_t shared_name_count;
};

/* Reads the file at path; path NULL: $FELUCCA_CONFIG, ./felucca.yaml, /etc/felucca/felucca.yaml, the first
 * that is there. 0, or ERR_CONFIG with every error of the file in errors, one a line, each as
 * "file:line:column: where: what is wrong" (conditions with the expression and a caret below).
 * Warnings go to warnings in the same form and do not fail. */
int config_load(const char *path, struct config **ret_config, struct text *errors, struct text *warnings);
void config_destroy(struct config **config);

/* Asks the name service once for sources whose host is a name (addresses and networks are known after loading), to
 * check them: a name without an address is a line in warnings. */
void config_resolve_names(struct config *config, struct text *warnings);

/* For a process that admits sources, before it forks: from then on what one process learns of names with
 * config_refresh_names() is known to all that were forked. old (NULL: none): what it knew of the same hosts is
 * known at once. Returns how many sources have a name for a host. */
size_t config_share_names(struct config *config, const struct config *old);
/* For a process that was forked to serve one peer: what is known now is its own from here on, and nobody can write it. So
 * whatever becomes of that process, it changes for nobody else whom a name admits. */
void config_keep_names(const struct config *config);
/* Asks the name service about each of them, which may take its time; in one process at a time. A name that has no
 * address any more keeps those that it had. learned, of every host whose addresses have become others: how many
 * it has now. Returns how many hosts have no address. */
size_t config_refresh_names(const struct config *config,
                            void (*learned)(const struct config_source *source, size_t addresses));

/* The effective configuration as YAML, secrets as "***", appended. */
void config_print(const struct config *config, struct text *out);

/* The same as one JSON object, with null for what is not set. */
void config_print_json(const struct config *config, struct text *out);

/* docs/configuration.md, from the schema table, appended. */
void config_reference(struct text *out);

/* The beginning of a day ("2027-02-26"), here, in wall ms; 0: NULL. */
int64_t config_date_ms(const char *date);

/* Lookups by name; NULL when the configuration does not name it. Borrowed. */
const struct config_node *config_find_node(const struct config *config, const char *called_aet);
/* The source of this title that reports on storage commitment can go to: the first that has a port. */
const struct config_source *config_find_requester(const struct config_node *node, const char *calling_aet);
/* Whether there is any. */
bool config_has_requesters(const struct config *config);
const struct config_destination *config_find_destination(const struct config *config, const char *name);
const struct config_webhook *config_find_webhook(const struct config *config, const char *name);
const struct config_mail *config_find_mail(const struct config *config, const char *name);
/* Who is to get notices: how many, and their names, webhooks first. */
size_t config_notified(const struct config *config);
/* Whether the configuration lets a process of this row run by itself: notices and a console may be left out. */
struct processes_row;
bool config_runs(const struct config *config, const struct processes_row *row);
/* Whether the console knows who somebody is: else everybody is a viewer, and on this machine. */
bool config_console_knows_people(const struct config *config);
const char *config_notified_name(const struct config *config, size_t index);
const struct config_album *config_find_album(const struct config_destination *destination, const char *name);

/* Whether a source of the node admits this caller from this address (16 bytes, IPv4 mapped), or what is in the
 * way. */
enum config_admission {
    CONFIG_ADMITS,
    CONFIG_TITLE_UNKNOWN,
    CONFIG_ADDRESS_UNKNOWN, /* the title is a source's, the address is not */
    CONFIG_NAME_UNRESOLVED  /* the same, but a host of that title has no address yet */
};
enum config_admission config_node_admits(const struct config_node *node, const char *calling_aet,
                                         const unsigned char *address);
/* The source that admits it; NULL when none does, or the node admits any caller. Of several, one whose certificate is the
 * shown one (NULL: none was shown), if there is one. Borrowed. */
struct certificate_name; /* certificate_name.h */
const struct config_source *config_node_source(const struct config_node *node, const char *calling_aet,
                                               const unsigned char *address,
                                               const struct certificate_name *shown);
/* Whether some node admits somebody from there, as far as is known: a name without an address might. */
bool config_admits_address(const struct config *config, const unsigned char *address);

#endif
