#include "tests/kheops-sim/route.h"

#include "common/base/text.h"

#include <stdio.h>
#include <string.h>

static const struct route routes[] = {
    {"POST", "/api/studies", KIND_STOW, NULL, false},
    {"POST", "/api/studies/{study}", KIND_STOW, NULL, false},
    {"PUT", "/api/studies/{study}/series/{series}", KIND_SHARE, share_series, false},
    {"PUT", "/api/studies/{study}", KIND_SHARE_STUDY, share_study, false},
    {"POST", "/api/studies/{study}/fetch", KIND_FETCH, fetch_study, false},
    {"POST", "/api/token/introspect", KIND_INTROSPECT, introspect_token, false},
    {"GET", "/api/studies", KIND_QIDO, qido_studies, false},
    {"GET", "/api/studies/{study}/series", KIND_QIDO, qido_series, false},
    {"GET", "/api/studies/{study}/series/{series}/instances", KIND_QIDO, qido_instances, false},
    {"GET", "/api/studies/{study}/series/{series}/metadata", KIND_METADATA, metadata_series, false},
    {"GET", "/api/studies/{study}/series/{series}/instances/{sop}/metadata", KIND_METADATA, metadata_instance,
     false},
    {"GET", "/api/readiness", KIND_OTHER, readiness_show, false},
    {"GET", "/api/liveness", KIND_OTHER, liveness_show, false},
    {"GET", "/", KIND_OTHER, page_show, true},
    {"GET", "/sim/{study}", KIND_OTHER, admin_get, true},
    {"POST", "/sim/{study}", KIND_OTHER, admin_change, true},
    {"POST", "/sim/{study}/{series}", KIND_OTHER, admin_change, true},
    {"DELETE", "/sim/{study}", KIND_OTHER, admin_change, true},
    {"DELETE", "/sim/{study}/{series}", KIND_OTHER, admin_change, true},
};

static size_t copy_segment(char *place, const char *path)
{
    size_t length = strcspn(path, "/");
    snprintf(place, CALL_SEGMENT_MAX, "%.*s", (int)length, path);
    return length;
}

/* The variable that a pattern goes on with. */
static char *segment_of(const char *pattern, struct call *call)
{
    if (string_starts_with(pattern, "{study}"))
        return call->study;
    return string_starts_with(pattern, "{sop}") ? call->sop : call->series;
}

static bool matches(const char *pattern, const char *path, struct call *call)
{
    *call->study = *call->series = *call->sop = '\0';
    while (*pattern && *path) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        size_t length = copy_segment(segment_of(pattern, call), path);
        if (length == 0 || length >= CALL_SEGMENT_MAX)
            return false;
        path += length;
        pattern += strcspn(pattern, "}") + 1;
    }
    return !*pattern && !*path;
}

const struct route *route_find(struct call *call)
{
    bool other_method = false;
    call->kind = KIND_OTHER;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!matches(routes[i].pattern, call->path, call))
            continue;
        other_method = true;
        if (strcmp(routes[i].method, call->method) != 0)
            continue;
        call->kind = routes[i].kind;
        return &routes[i];
    }
    call_answer(call, other_method ? "wrong method" : "no such path");
    return NULL;
}
