#include "common/kheops/introspection.h"

#include "common/base/cleanup.h"
#include "common/base/memory.h"

#include <string.h>

void introspection_release(struct introspection *introspection)
{
    memory_free(&introspection->scope);
    memory_free(&introspection->album_id);
    text_release(&introspection->trouble);
}

void introspection_copy(const struct introspection *original, struct introspection *ret_copy)
{
    *ret_copy = (struct introspection){.state = original->state,
                                       .http_status = original->http_status,
                                       .expires_at = original->expires_at,
                                       .scope = memory_string(original->scope),
                                       .album_id = memory_string(original->album_id)};
    text_append(&ret_copy->trouble, text_string(&original->trouble));
}

bool introspection_allows(const struct introspection *introspection, const char *permission)
{
    return introspection->state == INTROSPECTION_ACTIVE &&
           string_has_word(introspection->scope, permission, strlen(permission));
}

bool introspection_lacks(const struct introspection *introspection, const char *permissions,
                         char *ret_missing)
{
    while (*permissions) {
        permissions += strspn(permissions, " ");
        size_t length = strcspn(permissions, " ");
        if (length > 0 && length < 16 && !string_has_word(introspection->scope, permissions, length)) {
            memcpy(ret_missing, permissions, length);
            ret_missing[length] = '\0';
            return true;
        }
        permissions += length;
    }
    return false;
}

const char *introspection_switch(const char *permission)
{
    static const char *const switches[][2] = {
        {"read", "Read"}, {"write", "Write"}, {"send", "Add to Album / Inbox"}};
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (strcmp(switches[i][0], permission) == 0)
            return switches[i][1];
    }
    return permission;
}

/* the switch "Write"; the switches "Add to Album / Inbox" and "Read" */
static void append_switches(const char *permissions, struct text *out)
{
    text_append(out, strchr(permissions, ' ') ? "the switches" : "the switch");
    for (bool more = false; *permissions; more = true) {
        size_t length = strcspn(permissions, " ");
        AUTO(memory_free) char *permission = memory_string_n(permissions, length);
        text_format(out, "%s \"%s\"", more ? " and" : "", introspection_switch(permission));
        permissions += length + strspn(permissions + length, " ");
    }
}

bool introspection_explain(const struct introspection *introspection, const char *name,
                           const char *permissions, struct text *ret_reason)
{
    char missing[16];
    if (introspection->state == INTROSPECTION_PERSON) {
        text_format(ret_reason,
                    "%s is a person's login token and opens no album: make a token in KHEOPS in the "
                    "album itself, with ",
                    name);
        append_switches(permissions, ret_reason);
        text_append(ret_reason, " on, and put it into its place");
        return true;
    }
    if (introspection->state == INTROSPECTION_INACTIVE)
        text_format(
            ret_reason,
            "%s is not active: it expired, was revoked, or its maker is no longer administrator of the "
            "album; make",
            name);
    else if (introspection->state == INTROSPECTION_ACTIVE &&
             introspection_lacks(introspection, permissions, missing))
        text_format(ret_reason, "%s lacks the permission \"%s\": make", name, missing);
    else
        return false;
    text_append(ret_reason, " a new token in KHEOPS with ");
    append_switches(permissions, ret_reason);
    text_append(ret_reason, " on and put it into its place");
    return true;
}
