#include "receiver/titles.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

/* Where they are in the PDU. */
enum {
    TITLE_LENGTH = FILE_META_AET_SIZE - 1,
    CALLED_AT = 10,
    CALLING_AT = CALLED_AT + TITLE_LENGTH,
    TITLES_END = 42
};

void title_trim(const char *title, char (*ret_title)[FILE_META_AET_SIZE])
{
    size_t length = strnlen(title, TITLE_LENGTH);
    while (length > 0 && title[length - 1] == ' ')
        length--;
    for (; length > 0 && *title == ' '; length--)
        title++;
    memcpy(*ret_title, title, length);
    (*ret_title)[length] = '\0';
}

void titles_peek(int socket, struct titles *ret_titles)
{
    char head[TITLES_END] = "";
    if (recv(socket, head, sizeof head, MSG_PEEK | MSG_DONTWAIT) != (ssize_t)sizeof head)
        memset(head, 0, sizeof head);
    title_trim(head + CALLED_AT, &ret_titles->called);
    title_trim(head + CALLING_AT, &ret_titles->calling);
}
