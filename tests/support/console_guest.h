/* console_guest - somebody at the web console: has a browser's headers and cookie, signs in, sends forms.
 *
 * As strict as a browser where the console counts on that: the cookie goes back as it came, and a form says where it is from. */
#ifndef FELUCCA_TESTS_CONSOLE_GUEST_H
#define FELUCCA_TESTS_CONSOLE_GUEST_H

#include "tests/support/http_client.h"

#include <stdbool.h>

struct console_guest {
    int port;
    struct text cookie;               /* "felucca=…"; empty: none */
    struct text headers;              /* of each further request, complete lines */
    struct text token;                /* of the forms of the page that was got last */
    struct http_client_answer answer; /* the last one */
};

void console_guest_release(struct console_guest *guest);

/* Their status; the answer is then in guest->answer. */
int console_guest_get(struct console_guest *guest, const char *path);
/* form: encoded fields; the token of the last page is put behind them. */
int console_guest_post(struct console_guest *guest, const char *path, const char *form);
/* Sends a file in a form, as a browser does (multipart/form-data), with the token of the last page. */
int console_guest_send_file(struct console_guest *guest, const char *path, const char *name,
                            const void *bytes, size_t length);
/* The same with other headers than a browser would send, and nothing added to the body. */
int console_guest_post_raw(struct console_guest *guest, const char *path, const char *headers,
                           const char *body);
/* True: the guest has a session. */
bool console_guest_sign_in(struct console_guest *guest, const char *name, const char *password);

const char *console_guest_body(const struct console_guest *guest);
/* The value of a header of the last answer is appended; "" without it. */
void console_guest_header(const struct console_guest *guest, const char *name, struct text *ret_value);

#endif
