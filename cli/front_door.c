#include "cli/front_door.h"

#include "common/base/cleanup.h"

#include <ctype.h>
#include <string.h>

enum { TITLE_SIZE = 16, NAME_MOST = 64 };

/* ---- what may be given ---- */

bool front_door_is_name(const char *text)
{
    size_t length = strlen(text);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (!isalnum(*c) && !strchr("._-", *c))
            return false;
    return length > 0 && length <= NAME_MOST;
}

bool front_door_is_title(const char *text)
{
    size_t length = strlen(text);
    bool all_blank = true;
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        all_blank = all_blank && *c == ' ';
        if (*c < ' ' || *c >= 0x7F || *c == '\\' || *c == '"')
            return false;
    }
    return length > 0 && length <= TITLE_SIZE && !all_blank;
}

static bool is_port(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && length <= 5 && strspn(text, "0123456789") == length;
}

bool front_door_split(char *text, const char **ret_host, const char **ret_port)
{
    char *colon = strrchr(text, ':');
    if (!colon || colon == text || !is_port(colon + 1))
        return false;
    *colon = '\0';
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (!isalnum(*c) && !strchr(".-_:[]*", *c))
            return false;
    *ret_host = text;
    *ret_port = colon + 1;
    return true;
}

static const struct front_door_cell *find_cell(const struct front_door *door, const char *name, size_t length)
{
    for (size_t i = 0; i < door->cell_count; i++)
        if (strlen(door->cells[i].name) == length && memcmp(door->cells[i].name, name, length) == 0)
            return &door->cells[i];
    return NULL;
}

/* The next name of a list; NULL at its end. */
static const char *next_name(const char **list, size_t *ret_length)
{
    const char *name = *list;
    if (!*name)
        return NULL;
    *ret_length = strcspn(name, ",");
    *list = name + *ret_length + (name[*ret_length] == ',');
    return name;
}

const char *front_door_unknown(const struct front_door *door)
{
    for (size_t i = 0; i < door->route_count; i++) {
        const char *list = door->routes[i].cells, *name;
        size_t length;
        while ((name = next_name(&list, &length)))
            if (!find_cell(door, name, length))
                return name;
    }
    return NULL;
}

/* ---- the check ---- */

static void append_item(struct text *out, int type, const struct text *body)
{
    const char head[] = {(char)type, 0, (char)(body->length >> 8), (char)body->length};
    text_append_bytes(out, head, sizeof head);
    text_append_bytes(out, body->bytes, body->length);
}

static void append_text_item(struct text *out, int type, const char *value)
{
    AUTO(text_release) struct text body = TEXT_EMPTY;
    text_append(&body, value);
    append_item(out, type, &body);
}

static void append_title(struct text *out, const char *title)
{
    for (size_t i = 0, length = strlen(title); i < TITLE_SIZE; i++)
        text_append_char(out, i < length ? title[i] : ' ');
}

/* Verification in Implicit VR Little Endian (PS3.8 section 9.3.2, PS3.7 annex D.3.3). */
static void append_items(struct text *out)
{
    static const char context_head[] = {1, 0, 0, 0}, length_head[] = {0, 0, 0x40, 0};
    AUTO(text_release) struct text context = TEXT_EMPTY, user = TEXT_EMPTY, length = TEXT_EMPTY;
    append_text_item(out, 0x10, "1.2.840.10008.3.1.1.1");
    text_append_bytes(&context, context_head, sizeof context_head);
    append_text_item(&context, 0x30, "1.2.840.10008.1.1");
    append_text_item(&context, 0x40, "1.2.840.10008.1.2");
    append_item(out, 0x20, &context);
    text_append_bytes(&length, length_head, sizeof length_head);
    append_item(&user, 0x51, &length);
    append_text_item(&user, 0x52, "1.2.826.0.1.3680043.2.1143.107");
    append_item(out, 0x50, &user);
}

void front_door_append_request(const struct front_door *door, struct text *out)
{
    static const char head[] = {0, 1, 0, 0}, reserved[32] = {0};
    AUTO(text_release) struct text body = TEXT_EMPTY;
    text_append_bytes(&body, head, sizeof head);
    append_title(&body, door->called);
    append_title(&body, door->calling);
    text_append_bytes(&body, reserved, sizeof reserved);
    append_items(&body);
    text_format(out, "0100%08zx", body.length);
    for (size_t i = 0; i < body.length; i++)
        text_format(out, "%02x", (unsigned char)body.bytes[i]);
}

/* ---- the file ---- */

static const char head[] =
    "# HAProxy in front of several cells of Felucca, made by `felucca front-door`.\n"
    "global\n"
    "    log stdout format raw daemon\n"
    "    maxconn 4096\n"
    "    # Before a cell is updated, so that long associations end by themselves: set server cells/n1 state drain\n"
    "    # stats socket /run/haproxy/admin.sock mode 660 level admin\n"
    "\n"
    "defaults\n"
    "    mode tcp\n"
    "    log global\n"
    "    # The cells end what is idle (receiver.idle_timeout); the door has to wait longer.\n"
    "    timeout client 150s\n"
    "    timeout server 150s\n"
    "    timeout connect 1s\n"
    "    timeout check 2s\n"
    "    # Who is refused by one cell, or not answered, is taken to another at once.\n"
    "    retries 3\n"
    "    option redispatch 1\n"
    "\n"
    "frontend dicom\n"
    "    bind ";
static const char frontend[] =
    "\n"
    "    # The A-ASSOCIATE-RQ has its called title at 10 and its calling title at 26, 16 letters each.\n"
    "    tcp-request inspect-delay 5s\n"
    "    tcp-request content set-var(txn.called) req.payload(10,16) if { req.len ge 42 }\n"
    "    tcp-request content set-var(txn.calling) req.payload(26,16) if { req.len ge 42 }\n"
    "    tcp-request content reject if { req.len ge 1 } !{ req.payload(0,1) -m bin 01 }\n"
    "    tcp-request content accept if { req.len ge 42 }\n"
    "    tcp-request content reject if WAIT_END\n"
    "    log-format \"%ci called='%[var(txn.called)]' calling='%[var(txn.calling)]' %b/%s bytes=%U end=%ts\"\n";
static const char backend[] =
    "    # Each calling title has its cell, also when another one comes or goes.\n"
    "    balance hash var(txn.calling)\n"
    "    hash-type consistent\n"
    "    # A dead cell's associations end at once, so that their senders repeat them elsewhere.\n"
    "    default-server inter 1s fall 2 rise 2 on-marked-down shutdown-sessions\n";

static void append_check(const struct front_door *door, struct text *out)
{
    if (door->ready_port) {
        text_append(out, "    option httpchk GET /readyz/cell\n    http-check expect status 200\n");
        return;
    }
    text_format(out, "    # A real association for verification, called %s, calling %s.\n", door->called,
                door->calling);
    text_append(out, "    option tcp-check\n    tcp-check connect");
    text_append(out, door->proxy ? " send-proxy\n" : "\n");
    text_append(out, "    tcp-check send-binary ");
    front_door_append_request(door, out);
    text_append(out, "\n    tcp-check expect rbinary ^0200\n"
                     "    tcp-check send-binary 05000000000400000000\n"
                     "    tcp-check expect rbinary ^0600\n");
}

static void append_server(const struct front_door *door, const struct front_door_cell *cell, struct text *out)
{
    text_format(out, "    server %s %s:%s check", cell->name, cell->host, cell->port);
    if (door->ready_port)
        text_format(out, " port %s", door->ready_port);
    text_append(out, door->proxy ? " send-proxy-v2\n" : "\n");
}

/* cells NULL: all of them. */
static void append_backend(const struct front_door *door, const char *name, const char *cells,
                           struct text *out)
{
    const char *list = cells, *one;
    size_t length;
    text_format(out, "\nbackend %s\n%s", name, backend);
    append_check(door, out);
    for (size_t i = 0; !cells && i < door->cell_count; i++)
        append_server(door, &door->cells[i], out);
    while (cells && (one = next_name(&list, &length)))
        append_server(door, find_cell(door, one, length), out);
}

void front_door_append(const struct front_door *door, struct text *out)
{
    text_format(out, "%s%s%s", head, door->bind, frontend);
    for (size_t i = 0; i < door->route_count; i++) {
        text_format(out, "    use_backend called-%zu if { var(txn.called) -m str \"", i + 1);
        append_title(out, door->routes[i].title);
        text_append(out, "\" }\n");
    }
    text_append(out, "    default_backend cells\n");
    append_backend(door, "cells", NULL, out);
    for (size_t i = 0; i < door->route_count; i++) {
        AUTO(text_release) struct text name = TEXT_EMPTY;
        text_format(&name, "called-%zu", i + 1);
        append_backend(door, text_string(&name), door->routes[i].cells, out);
    }
}
