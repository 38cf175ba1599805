/*
 * The SSH keys that accounts writes, and whether sshd reads them. setup asks
 * the same.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/text.h"

#define KEYWORD "authorizedkeysfile "
#define FILES KEYS_FOLDER "/%u"
#define STANDARD ".ssh/authorized_keys"

bool
check_has_keys(void)
{
    char error[SETTINGS_MESSAGE_SIZE];
    struct settings *settings = check_accounts_settings(error, sizeof(error));
    bool has = settings != NULL && settings->ssh_key_attribute != NULL;

    settings_free(settings);
    return has;
}

/* The value of AuthorizedKeysFile, its words with a space between each. */
static const char *
find_files(const char *text, size_t *length_out)
{
    const char *line = text;

    while (*line != '\0' && strncasecmp(line, KEYWORD, strlen(KEYWORD)) != 0) {
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    if (*line != '\0')
        line += strlen(KEYWORD);
    *length_out = strcspn(line, "\n");
    return line;
}

bool
check_reads_keys(const char *text, char line_out[CHECK_KEYS_LINE_SIZE])
{
    char files[CHECK_KEYS_LINE_SIZE];
    size_t length;
    const char *found = find_files(text, &length);

    text_clean_bytes(found, length, files, sizeof(files));
    for (const char *word = files; *word != '\0';) {
        size_t size = strcspn(word, " ");

        if (size == strlen(FILES) && strncmp(word, FILES, size) == 0)
            return true;
        word += size;
        word += strspn(word, " ");
    }
    if (files[0] == '\0')
        (void) snprintf(files, sizeof(files), STANDARD);
    if (strcmp(files, "none") == 0)
        files[0] = '\0';
    (void) snprintf(line_out, CHECK_KEYS_LINE_SIZE,
                    "AuthorizedKeysFile %.400s%s%s", files,
                    files[0] == '\0' ? "" : " ", FILES);
    return false;
}

bool
check_sshd_keys(struct check *check, const char *text)
{
    char line[CHECK_KEYS_LINE_SIZE];

    if (!check_has_keys() || check_reads_keys(text, line))
        return true;
    check_add(
        check, CHECK_WARNING, FINDING_SSHD_KEYS, check_sshd_cure(check, line),
        "sshd does not read the keys of ssh_key_attribute, in " KEYS_FOLDER
        ": they let nobody in");
    return false;
}
