/* Any bytes as felucca.yaml, or, behind a K, as a list of allowed keys. What is refused is told by a sentence; what
 * is taken can be printed, and what is printed is YAML that can be read again. */
#include "common/base/cleanup.h"
#include "common/config/allowed_keys.h"
#include "common/config/config.h"
#include "common/config/yaml.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int make_file(const uint8_t *bytes, size_t length, char *ret_path, size_t size)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    (void)snprintf(ret_path, size, "/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        abort();
    return fd;
}

static void read_keys(const char *path)
{
    AUTO(allowed_keys_destroy) struct allowed_keys *keys = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    int code = allowed_keys_load(path, &keys, &errors);
    assert((code == 0) == (errors.length == 0));
    if (code == 0)
        (void)allowed_keys_name(keys, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID");
}

static void print(const struct config *config)
{
    AUTO(text_release) struct text printed = TEXT_EMPTY;
    AUTO(text_release) struct text message = TEXT_EMPTY;
    AUTO(config_yaml_destroy) struct config_yaml *document = NULL;
    struct config_yaml_place place;
    config_print(config, &printed);
    assert(config_yaml_read(text_string(&printed), printed.length, &document, &place, &message) == 0);
}

static void read_config(const char *path)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    static const unsigned char address[16] = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1};
    int code = config_load(path, &config, &errors, &warnings);
    assert((code == 0) == (errors.length == 0));
    if (code != 0)
        return;
    print(config);
    (void)config_admits_address(config, address);
    for (size_t i = 0; i < config->node_count; i++) {
        assert(config_find_node(config, config->nodes[i].aet));
        (void)config_node_admits(&config->nodes[i], "CT01", address);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    char path[32];
    bool are_keys = length > 0 && bytes[0] == 'K';
    AUTO(fd_close) int fd = make_file(bytes + are_keys, length - are_keys, path, sizeof path);
    (void)fd;
    if (are_keys)
        read_keys(path);
    else
        read_config(path);
    return 0;
}
