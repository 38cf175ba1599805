/*
 * Fuzz target: a configuration file (up to the first NUL) and arguments
 * (after it, one a line), read by both owners of keys.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/config.h"
#include "common/text.h"
#include "fuzz.h"

#define ARGUMENTS_MAX 16

static char folder[] = "/tmp/pam_cognito-fuzz.XXXXXX";
static char path[sizeof(folder) + 16];

static void
clean_up(void)
{
    (void) unlink(path);
    (void) rmdir(folder);
}

static void
make_place(void)
{
    if (path[0] != '\0')
        return;
    MUST(mkdtemp(folder) != NULL);
    (void) snprintf(path, sizeof(path), "%s/conf", folder);
    MUST(atexit(clean_up) == 0);
}

static void
read_by(enum config_owner owner, size_t count, const char *const *arguments)
{
    const struct file_trust trust = {.owner = getuid()};
    struct config *config = config_new(owner);
    char item[CONFIG_VALUE_MAX];
    size_t position = 0;

    MUST(config != NULL);
    config_arguments(config, count, arguments);
    config_file(config, path, "sshd", &trust, true);
    MUST(config_status(config) == STATUS_OK
         || config_message(config)[0] != '\0');
    MUST(text_is_utf8(config_message(config), strlen(config_message(config)),
                      NULL));
    for (unsigned int key = 0; key < KEY_COUNT; key++) {
        if (config_entry(key)->owner != owner)
            MUST(!config_is_set(config, key));
        (void) config_flag(config, key);
        (void) config_number(config, key);
        for (position = 0; config_list_next(config, key, &position, item);)
            continue;
    }
    config_free(config);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *arguments[ARGUMENTS_MAX];
    size_t split = size, count = 0;
    char *text, *line;
    FILE *file;

    make_place();
    text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    split = strlen(text);
    file = fopen(path, "wb");
    MUST(file != NULL && fwrite(text, 1, split, file) == split);
    MUST(fclose(file) == 0 && chmod(path, 0600) == 0);
    if (split < size)
        for (line = strtok(text + split + 1, "\n");
             line != NULL && count < ARGUMENTS_MAX; line = strtok(NULL, "\n"))
            arguments[count++] = line;
    read_by(CONFIG_MODULE, count, arguments);
    read_by(CONFIG_HELPER, count, arguments);
    free(text);
    return 0;
}
