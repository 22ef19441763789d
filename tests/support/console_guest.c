#include "tests/support/console_guest.h"

#include "common/base/cleanup.h"

#include <check.h>
#include <string.h>

void console_guest_release(struct console_guest *guest)
{
    text_release(&guest->cookie);
    text_release(&guest->headers);
    text_release(&guest->token);
    http_client_answer_release(&guest->answer);
}

const char *console_guest_body(const struct console_guest *guest)
{
    return text_string(&guest->answer.body);
}

void console_guest_header(const struct console_guest *guest, const char *name, struct text *ret_value)
{
    (void)http_client_header(&guest->answer, name, ret_value);
}

static void take_cookie(struct console_guest *guest)
{
    AUTO(text_release) struct text set = TEXT_EMPTY;
    console_guest_header(guest, "Set-Cookie", &set);
    if (set.length == 0)
        return;
    text_clear(&guest->cookie);
    if (!strstr(text_string(&set), "Max-Age=0"))
        text_append_bytes(&guest->cookie, text_string(&set), strcspn(text_string(&set), ";"));
}

static void take_token(struct console_guest *guest)
{
    static const char mark[] = "name=\"token\" value=\"";
    const char *at = strstr(console_guest_body(guest), mark);
    if (!at)
        return;
    text_clear(&guest->token);
    text_append_bytes(&guest->token, at + strlen(mark), strcspn(at + strlen(mark), "\""));
}

static int ask_bytes(struct console_guest *guest, const char *method, const char *path, const char *headers,
                     const char *body, size_t length)
{
    AUTO(text_release) struct text all = TEXT_EMPTY;
    if (guest->cookie.length > 0)
        text_format(&all, "Cookie: %s\r\n", text_string(&guest->cookie));
    text_append(&all, text_string(&guest->headers));
    text_append(&all, headers);
    http_client_answer_release(&guest->answer);
    int status =
        http_client_request(guest->port, method, path, text_string(&all), body, length, &guest->answer);
    take_cookie(guest);
    take_token(guest);
    return status;
}

static int ask(struct console_guest *guest, const char *method, const char *path, const char *headers,
               const char *body)
{
    return ask_bytes(guest, method, path, headers, body, body ? strlen(body) : 0);
}

int console_guest_get(struct console_guest *guest, const char *path)
{
    return ask(guest, "GET", path, "", NULL);
}

int console_guest_post_raw(struct console_guest *guest, const char *path, const char *headers,
                           const char *body)
{
    return ask(guest, "POST", path, headers, body);
}

int console_guest_post(struct console_guest *guest, const char *path, const char *form)
{
    AUTO(text_release) struct text body = TEXT_EMPTY, headers = TEXT_EMPTY;
    text_format(&body, "%s%stoken=%s", form, *form ? "&" : "", text_string(&guest->token));
    text_format(&headers,
                "Origin: http://127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n",
                guest->port);
    return ask(guest, "POST", path, text_string(&headers), text_string(&body));
}

int console_guest_send_file(struct console_guest *guest, const char *path, const char *name,
                            const void *bytes, size_t length)
{
    AUTO(text_release) struct text body = TEXT_EMPTY, headers = TEXT_EMPTY;
    text_format(&body,
                "--xyz\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n%s\r\n--xyz\r\n"
                "Content-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                "Content-Type: application/dicom\r\n\r\n",
                text_string(&guest->token), name);
    text_append_bytes(&body, bytes, length);
    text_append(&body, "\r\n--xyz--\r\n");
    text_format(&headers,
                "Origin: http://127.0.0.1:%d\r\nSec-Fetch-Site: same-origin\r\n"
                "Content-Type: multipart/form-data; boundary=xyz\r\n",
                guest->port);
    return ask_bytes(guest, "POST", path, text_string(&headers), body.bytes, body.length);
}

bool console_guest_sign_in(struct console_guest *guest, const char *name, const char *password)
{
    AUTO(text_release) struct text form = TEXT_EMPTY;
    text_format(&form, "name=%s&password=%s&to=/", name, password);
    return console_guest_post(guest, "/signin", text_string(&form)) == 303 && guest->cookie.length > 0;
}
