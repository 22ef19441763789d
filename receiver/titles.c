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

void titles_read(const void *pdu, size_t length, struct titles *ret_titles)
{
    memset(ret_titles, 0, sizeof *ret_titles);
    if (length < TITLES_END)
        return;
    title_trim((const char *)pdu + CALLED_AT, &ret_titles->called);
    title_trim((const char *)pdu + CALLING_AT, &ret_titles->calling);
}

void titles_peek(int socket, struct titles *ret_titles)
{
    char head[TITLES_END];
    ssize_t length = recv(socket, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    titles_read(head, length > 0 ? (size_t)length : 0, ret_titles);
}
