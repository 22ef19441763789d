#include "common/spool/tray_report.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/text.h"
#include "common/base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BYTES_MOST = 4096, DEPTH_MOST = 2 };

static void append_path(const char *state_dir, const char *name, const char *end, struct text *path)
{
    text_format(path, "%s/imports/%s.tray%s", state_dir, name, end);
}

static int write_file(const char *path, const struct text *bytes)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    ssize_t written = write(fd, text_string(bytes), bytes->length);
    return written == (ssize_t)bytes->length ? 0 : written < 0 ? err_from_errno(errno) : ERR_IO;
}

int tray_report_write(const char *state_dir, const char *name, const struct tray_report *report)
{
    AUTO(text_release) struct text path = TEXT_EMPTY, fresh = TEXT_EMPTY, bytes = TEXT_EMPTY;
    append_path(state_dir, name, "", &path);
    append_path(state_dir, name, ".new", &fresh);
    json_append_line(json_pack("{s:I, s:I, s:I, s:I, s:o}", "at", (json_int_t)report->at, "waiting",
                               (json_int_t)report->waiting, "set_aside", (json_int_t)report->set_aside,
                               "trouble_since", (json_int_t)report->trouble_since, "trouble",
                               json_from_text(report->trouble)),
                     &bytes);
    int code = write_file(text_string(&fresh), &bytes);
    if (code == 0 && rename(text_string(&fresh), text_string(&path)) != 0)
        code = err_from_errno(errno);
    return code;
}

void tray_report_remove(const char *state_dir, const char *name)
{
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_path(state_dir, name, "", &path);
    (void)unlink(text_string(&path));
}

bool tray_report_read(const char *state_dir, const char *name, struct tray_report *ret_report)
{
    static const struct json_limits limits = {.bytes = BYTES_MOST, .depth = DEPTH_MOST};
    AUTO(text_release) struct text path = TEXT_EMPTY, shown = TEXT_EMPTY;
    AUTO(json_release) json_t *object = NULL;
    char bytes[BYTES_MOST];
    append_path(state_dir, name, "", &path);
    AUTO(fd_close) int fd = open(text_string(&path), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
    if (length <= 0 || json_read(bytes, (size_t)length, &limits, &object) != 0 || !json_is_object(object))
        return false;
    *ret_report =
        (struct tray_report){.at = json_integer_value(json_object_get(object, "at")),
                             .waiting = json_integer_value(json_object_get(object, "waiting")),
                             .set_aside = json_integer_value(json_object_get(object, "set_aside")),
                             .trouble_since = json_integer_value(json_object_get(object, "trouble_since"))};
    const char *trouble = json_text(object, "trouble");
    utf8_append_shown(&shown, trouble, strlen(trouble), TRAY_TROUBLE_SIZE - 1);
    memcpy(ret_report->trouble, text_string(&shown),
           shown.length < TRAY_TROUBLE_SIZE ? shown.length : TRAY_TROUBLE_SIZE - 1);
    return true;
}
