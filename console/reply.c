#include "console/reply.h"

#include <string.h>

void reply_headers(struct web_answer *answer, const char *type)
{
    /* With same-origin, and not with no-referrer, a form of ours says where it is from. */
    static const char *const headers[][2] = {
        {"Content-Security-Policy",
         "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
         "frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Referrer-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-store"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        web_answer_header(answer, headers[i][0], headers[i][1]);
    web_answer_header(answer, "Content-Type", type);
}

void reply_refuse(struct render *render, struct web_answer *answer, enum asked_form form, unsigned status,
                  const char *sentence)
{
    form = form == ASKED_CSV ? ASKED_JSON : form;
    answer->status = status;
    reply_headers(answer, render_type(form));
    text_clear(&answer->body);
    render_error(render, form, status, sentence, &answer->body);
}

void reply_go(struct web_answer *answer, const char *target)
{
    answer->status = 303;
    reply_headers(answer, render_type(ASKED_HTML));
    web_answer_header(answer, "Location", target);
}

void reply_give(const struct web_request *request, const char *tag, const char *type, const char *bytes,
                size_t length, struct web_answer *answer)
{
    const char *known = web_request_header(request, "If-None-Match");
    bool is_known = known && strcmp(known, tag) == 0;
    answer->status = is_known ? 304 : 200;
    reply_headers(answer, type);
    web_answer_header(answer, "ETag", tag);
    if (!is_known)
        text_append_bytes(&answer->body, bytes, length);
}
