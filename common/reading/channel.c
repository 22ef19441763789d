#include "common/reading/channel.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for more than one descriptor, so that a second one is noticed and closed. */
enum { FDS_MAX = 4 };

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(int[FDS_MAX]))];
};

int channel_ask(int socket, const struct request *request, int fd)
{
    union control control = {.bytes = ""};
    struct iovec piece = {.iov_base = (void *)request, .iov_len = sizeof *request};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(sizeof fd)};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == (ssize_t)sizeof *request)
        return 0;
    /* Too many descriptors on their way are no trouble of the helper either. */
    bool later = sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS ||
                              errno == ENOBUFS || errno == ENOMEM);
    return later ? ERR_AGAIN : ERR_NETWORK;
}

/* The one descriptor that came; -1: none, or too many. */
static int take_fd(struct msghdr *message)
{
    int first = -1;
    size_t count = 0;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof first <= head->cmsg_len - CMSG_LEN(0); at += sizeof first) {
            int fd;
            memcpy(&fd, CMSG_DATA(head) + at, sizeof fd);
            if (count++ == 0)
                first = fd;
            else
                (void)close(fd);
        }
    }
    if (count > 1)
        fd_close(&first);
    return first;
}

int channel_hear(int socket, struct request *ret_request, int *ret_fd)
{
    union control control;
    ssize_t got;
    struct iovec piece = {.iov_base = ret_request, .iov_len = sizeof *ret_request};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return ERR_NETWORK;
    AUTO(fd_close) int fd = take_fd(&message);
    bool is_kind = ret_request->kind >= REQUEST_QUESTIONS && ret_request->kind <= REQUEST_JUDGE;
    if (got != (ssize_t)sizeof *ret_request || !is_kind || fd < 0)
        return ERR_SYNTAX;
    ret_request->receipt[RECEIPT_SIZE - 1] = '\0';
    ret_request->calling_aet[REQUEST_FACT_SIZE - 1] = ret_request->called_aet[REQUEST_FACT_SIZE - 1] = '\0';
    ret_request->source_address[REQUEST_FACT_SIZE - 1] = '\0';
    ret_request->transfer_syntax[REQUEST_FACT_SIZE - 1] = '\0';
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int channel_answer(int socket, uint64_t id, struct text *out)
{
    struct answer_head head = {.id = id, .length = (uint32_t)(out->length - sizeof head)};
    size_t done = 0;
    memcpy(out->bytes, &head, sizeof head);
    while (done < out->length) {
        ssize_t sent = send(socket, out->bytes + done, out->length - done, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return ERR_NETWORK;
        done += sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}
