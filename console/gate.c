#include "console/gate.h"

#include "common/base/cleanup.h"
#include "common/users/users.h"
#include "console/page.h"
#include "console/reply.h"

#include <string.h>

bool gate_is_at(const char *page)
{
    return strcmp(page, "signin") == 0 || strcmp(page, "signout") == 0;
}

/* Whether it is an address of a page of ours, and can be one of nothing else. */
static bool is_ours(const char *target)
{
    AUTO(asked_release) struct asked asked = {0};
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (*target != '/' || target[1] == '/' || strpbrk(target, "\\ \t\r\n"))
        return false;
    for (const char *c = target; *c; c++)
        if ((unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e)
            return false;
    return asked_parse(target, &asked, &reason) == 200 && page_find(asked.page);
}

static const char *back_of(const struct asked *asked)
{
    const char *to = asked_get(asked, "to");
    return to && is_ours(to) ? to : "/";
}

static void show(const struct gate *gate, const char *back, unsigned status, const char *trouble,
                 struct web_answer *answer)
{
    AUTO(json_release)
    json_t *document =
        json_pack("{s:o, s:o}", "to", json_from_text(back), "trouble", json_from_text(trouble));
    answer->status = status;
    reply_headers(answer, render_type(ASKED_HTML));
    render_sign_in(gate->render, gate->config, document, &answer->body);
}

static void take(const struct gate *gate, struct web_answer *answer)
{
    AUTO(text_release) struct text cookie = TEXT_EMPTY;
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    const char *name = asked_get(gate->form, "name"), *password = asked_get(gate->form, "password");
    int64_t wait_ms = 0;
    switch (keeper_sign_in(gate->keeper, gate->config, gate->request, name ? name : "",
                           password ? password : "", &cookie, &wait_ms)) {
    case KEEPER_IN:
        reply_go(answer, back_of(gate->form));
        web_answer_header(answer, "Set-Cookie", text_string(&cookie));
        return;
    case KEEPER_WAIT:
        text_append(&sentence, "Too many tries. From here, or with this name, the next one counts in ");
        text_append_duration(&sentence, wait_ms < 1000 ? 1000 : wait_ms);
        text_append(&sentence, ".");
        show(gate, back_of(gate->form), 429, text_string(&sentence), answer);
        return;
    default:
        show(gate, back_of(gate->form), 401, "Name or password is wrong.", answer);
    }
}

static void let_go(const struct gate *gate, struct web_answer *answer)
{
    AUTO(text_release) struct text cookie = TEXT_EMPTY;
    keeper_sign_out(gate->keeper, gate->config, gate->request, &cookie);
    reply_go(answer, "/signin");
    web_answer_header(answer, "Set-Cookie", text_string(&cookie));
}

void gate_answer(const struct gate *gate, bool is_post, struct web_answer *answer)
{
    bool is_out = strcmp(gate->asked->page, "signout") == 0;
    if (!gate->config->console.users)
        reply_refuse(gate->render, answer, gate->asked->form, 404,
                     "Nobody signs in here: the configuration names no users (console: users).");
    else if (is_post && is_out && gate->who->by == WHO_SIGNED_IN &&
             !keeper_is_own_form(gate->who, asked_get(gate->form, "token")))
        reply_refuse(gate->render, answer, ASKED_HTML, 403,
                     "This form is not of your session. Load the page again, and do it once more.");
    else if (is_post && is_out)
        let_go(gate, answer);
    else if (is_post)
        take(gate, answer);
    else if (is_out || gate->who->by != WHO_NOBODY)
        reply_go(answer, "/");
    else
        show(gate, back_of(gate->asked), 200, NULL, answer);
}

void gate_send_away(const struct gate *gate, struct web_answer *answer)
{
    AUTO(text_release) struct text target = TEXT_EMPTY;
    bool is_page = gate->asked->form == ASKED_HTML &&
                   !web_request_header(gate->request, "X-Felucca-Refresh") &&
                   strcmp(gate->request->method, "POST") != 0;
    if (!gate->config->console.users) {
        reply_refuse(gate->render, answer, gate->asked->form, 403,
                     "Come through the proxy: who asks this console directly is not known here.");
        return;
    }
    if (!is_page) {
        reply_refuse(gate->render, answer, gate->asked->form, 401,
                     "Sign in first, at /signin: there is no session, or its time is over.");
        return;
    }
    text_append(&target, "/signin");
    if (strcmp(gate->request->target, "/") != 0) {
        text_append(&target, "?to=");
        asked_append_encoded(gate->request->target, &target);
    }
    reply_go(answer, text_string(&target));
}
