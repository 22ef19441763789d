#include "common/http/http_lines.h"

#include <curl/curl.h>
#include <string.h>

bool http_lines_add(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *list = curl_slist_append(transfer->header_list, line);
    if (list)
        transfer->header_list = list;
    return list != NULL;
}

void http_lines_release(struct http_transfer *transfer)
{
    for (struct curl_slist *line = transfer->header_list; line; line = line->next)
        explicit_bzero(line->data, strlen(line->data)); /* it may hold a token */
    curl_slist_free_all(transfer->header_list);
    transfer->header_list = NULL;
}
