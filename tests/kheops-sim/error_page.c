#include "tests/kheops-sim/error_page.h"

#include <string.h>

static const struct phrase {
    int status;
    const char *phrase, *description;
} phrases[] = {
    {400, "Bad Request",
     "The server cannot or will not process the request due to something that is perceived to be a client "
     "error (e.g., malformed request syntax, invalid request message framing, or deceptive request routing)."},
    {401, "Unauthorized",
     "The request has not been applied to the target resource because it lacks valid authentication "
     "credentials for that resource."},
    {403, "Forbidden", "The server understood the request but refuses to authorize it."},
    {404, "Not Found",
     "The origin server did not find a current representation for the target resource or is not willing to "
     "disclose that one exists."},
    {405, "Method Not Allowed",
     "The method received in the request-line is known by the origin server but not supported by the target "
     "resource."},
    {406, "Not Acceptable",
     "The target resource does not have a current representation that would be acceptable to the user agent, "
     "according to the proactive negotiation header fields received in the request, and the server is "
     "unwilling to supply a default representation."},
    {413, "Request Entity Too Large", ""},
    {415, "Unsupported Media Type",
     "The origin server is refusing to service the request because the payload is in a format not supported "
     "by this method on the target resource."},
    {500, "Internal Server Error",
     "The server encountered an unexpected condition that prevented it from fulfilling the request."},
    {502, "Bad Gateway",
     "The server, while acting as a gateway or proxy, received an invalid response from an inbound server it "
     "accessed while attempting to fulfill the request."},
    {504, "Gateway Time-out", ""},
};

static const struct phrase *find(int status)
{
    static const struct phrase other = {0, "Error", ""};
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].status == status)
            return &phrases[i];
    return &other;
}

const char *error_page_phrase(int status)
{
    return find(status)->phrase;
}

void error_page_tomcat(int status, const char *accept, struct text *out)
{
    const struct phrase *phrase = find(status);
    if (!accept || !strstr(accept, "application/json"))
        text_append(out, ERROR_PAGE_BYTES);
    text_format(out,
                "<!doctype html><html lang=\"en\"><head><title>HTTP Status %d \xE2\x80\x93 %s</title>"
                "<style type=\"text/css\">body {font-family:Tahoma,Arial,sans-serif;}</style></head><body>"
                "<h1>HTTP Status %d \xE2\x80\x93 %s</h1><hr class=\"line\" /><p><b>Type</b> Status Report</p>"
                "<p><b>Description</b> %s</p><hr class=\"line\" /><h3>Apache Tomcat</h3></body></html>",
                status, phrase->phrase, status, phrase->phrase, phrase->description);
}

void error_page_nginx(int status, struct text *out)
{
    const char *phrase = error_page_phrase(status);
    text_format(out,
                "<html>\r\n<head><title>%d %s</title></head>\r\n<body>\r\n<center><h1>%d %s</h1></center>\r\n"
                "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
                status, phrase, status, phrase);
}
