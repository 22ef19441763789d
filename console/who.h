/* who - whom a request is of, and what he may do. */
#ifndef FELUCCA_CONSOLE_WHO_H
#define FELUCCA_CONSOLE_WHO_H

#include <stdbool.h>

enum { WHO_NAME_SIZE = 129, WHO_TOKEN_SIZE = 65 };

enum who_by {
    WHO_NOBODY,    /* he has to sign in first, or to come through the proxy */
    WHO_ANYBODY,   /* there are no users: a viewer of this machine */
    WHO_SIGNED_IN, /* by a session of ours */
    WHO_SENT_ON,   /* the trusted proxy says so */
    WHO_FLEET      /* no person: `felucca fleet` of another cell, by its token, for what that asks alone */
};

struct who {
    enum who_by by;
    char name[WHO_NAME_SIZE]; /* "": nobody's */
    bool is_operator;
    char token[WHO_TOKEN_SIZE]; /* what a form of his has to bring back; "": he sends none */
};

#endif
