/*
 * The record: a text file that is read whole and added to.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "setup/put.h"

#define LINE_SIZE 4200 /* a path, its hash and a word */

static bool
fail(char *error_out, size_t error_size, const char *why)
{
    (void) snprintf(error_out, error_size, "%s: %s", LEDGER_PATH, why);
    return false;
}

static bool
open_to_read(struct ledger *ledger, char *error_out, size_t error_size)
{
    const struct file_trust trust = {.owner = 0, .private = true};
    bool done;
    int fd;

    switch (file_open(LEDGER_PATH, &trust, &fd, error_out, error_size)) {
    case FILE_OK:
        break;
    case FILE_ABSENT:
        return true;
    case FILE_UNTRUSTED:
    case FILE_FAILED:
        return false;
    }
    done = put_read_whole(fd, &ledger->text);
    (void) close(fd);
    return done ? true : fail(error_out, error_size, "cannot be read");
}

static void
close_it(struct ledger *ledger)
{
    if (ledger->fd >= 0)
        (void) close(ledger->fd);
    secret_free(&ledger->text);
    ledger->fd = -1;
}

bool
ledger_open(struct ledger *ledger, bool to_write, char *error_out,
            size_t error_size)
{
    struct stat st;

    *ledger = (struct ledger){.fd = -1};
    if (!open_to_read(ledger, error_out, error_size))
        return false;
    if (!to_write)
        return true;
    if (mkdir(LEDGER_FOLDER, 0755) < 0 && errno != EEXIST)
        return fail(error_out, error_size, strerror(errno));
    ledger->fd = open(LEDGER_PATH,
                      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                      0600);
    if (ledger->fd < 0)
        return fail(error_out, error_size, strerror(errno));
    /* One that has ended in between has taken its record away. */
    if (flock(ledger->fd, LOCK_EX | LOCK_NB) < 0 || fstat(ledger->fd, &st) < 0
        || st.st_nlink == 0) {
        close_it(ledger);
        return fail(error_out, error_size, "another setup is at work");
    }
    /* What that other one wrote before the lock was ours. */
    return put_read_whole(ledger->fd, &ledger->text)
               ? true
               : fail(error_out, error_size, "cannot be read");
}

bool
ledger_is_empty(const struct ledger *ledger)
{
    return ledger->text.length == 0;
}

void
ledger_close(struct ledger *ledger)
{
    if (ledger->fd >= 0 && ledger_is_empty(ledger))
        ledger_forget(ledger);
    else
        close_it(ledger);
}

void
ledger_forget(struct ledger *ledger)
{
    /* The folder stays where somebody else keeps something there. */
    (void) unlink(LEDGER_PATH);
    (void) rmdir(LEDGER_FOLDER);
    close_it(ledger);
}

/* The next line that begins so, behind its beginning; NULL for none. */
static const char *
find(const char *text, const char *beginning)
{
    size_t length = strlen(beginning);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, beginning, length) == 0)
            return text + length;
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return NULL;
}

bool
ledger_has(const struct ledger *ledger, const char *kind, const char *value)
{
    char line[LINE_SIZE + sizeof("reloaded")];

    (void) snprintf(line, sizeof(line), "%s %s\n", kind, value);
    return find(ledger->text.data, line) != NULL;
}

bool
ledger_has_file(const struct ledger *ledger, const char *hash,
                const char *path)
{
    char value[LINE_SIZE];

    (void) snprintf(value, sizeof(value), "%s %s", hash, path);
    return ledger_has(ledger, "file", value);
}

bool
ledger_has_path(const struct ledger *ledger, const char *path)
{
    const char *text = ledger->text.data;
    size_t length = strlen(path);

    while ((text = find(text, "file ")) != NULL) {
        const char *end = strchr(text, '\n');

        if (end == NULL)
            return false;
        if (end - text == (ptrdiff_t) (LEDGER_HASH_SIZE + length)
            && strncmp(text + LEDGER_HASH_SIZE, path, length) == 0)
            return true;
        text = end + 1;
    }
    return false;
}

bool
ledger_add(struct ledger *ledger, const char *kind, const char *value)
{
    char line[LINE_SIZE];
    int length;

    if (ledger_has(ledger, kind, value))
        return true;
    length = snprintf(line, sizeof(line), "%s %s\n", kind, value);
    return length > 0 && (size_t) length < sizeof(line)
           && write(ledger->fd, line, (size_t) length) == length
           && fsync(ledger->fd) == 0
           && put_read_whole(ledger->fd, &ledger->text);
}
