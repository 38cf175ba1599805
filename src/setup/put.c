/*
 * Writes and removes files in folders that are root's alone.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "setup/put.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cognito/crypto.h"
#include "common/file.h"
#include "common/replace.h"
#include "common/text.h"

#define SHOWN_MAX 120 /* bytes of a path in a message */

static bool
fail(char *error_out, size_t error_size, const char *path, const char *why)
{
    char shown[SHOWN_MAX];

    (void) snprintf(error_out, error_size, "%s: %s",
                    text_path(path, shown, sizeof(shown)), why);
    return false;
}

bool
put_read_whole(int fd, struct secret *text_out)
{
    char buffer[FILE_SIZE_MAX];
    size_t length = 0;
    ssize_t count;
    bool done;

    do {
        count = pread(fd, buffer + length, sizeof(buffer) - length,
                      (off_t) length);
        if (count > 0)
            length += (size_t) count;
    } while ((count > 0 && length < sizeof(buffer))
             || (count < 0 && errno == EINTR));
    done = count == 0 && secret_set(text_out, buffer, length);
    secret_wipe(buffer, length);
    return done;
}

/* FILE_OK with the text, or as file_open. */
static enum file_result
fetch(const char *path, bool private, struct secret *text_out, char *error_out,
      size_t error_size)
{
    const struct file_trust trust = {.owner = 0, .private = private};
    enum file_result result;
    int fd;

    result = file_open(path, &trust, &fd, error_out, error_size);
    if (result != FILE_OK)
        return result;
    if (!put_read_whole(fd, text_out)) {
        (void) fail(error_out, error_size, path,
                    "cannot be read, or is too long");
        result = FILE_FAILED;
    }
    (void) close(fd);
    return result;
}

bool
put_read(const char *path, bool private, struct secret *text_out,
         char *error_out, size_t error_size)
{
    return fetch(path, private, text_out, error_out, error_size) == FILE_OK;
}

/* The name of the file that is written first. */
static void
name_temporary(const char *path, char out[FILE_PATH_MAX])
{
    const char *name = strrchr(path, '/') + 1;

    (void) snprintf(out, FILE_PATH_MAX, "%.*s.%s.setup", (int) (name - path),
                    path, name);
}

/* Did a run that was ended leave that? */
static bool
has_remains(const char *path)
{
    char temporary[FILE_PATH_MAX];
    struct stat st;

    name_temporary(path, temporary);
    return lstat(temporary, &st) == 0;
}

enum put_state
put_look(const struct ledger *ledger, const char *path, bool private,
         const struct secret *wanted, char *error_out, size_t error_size)
{
    char hash[LEDGER_HASH_SIZE];
    struct secret text = {0};
    enum put_state state;
    struct stat st;

    if (lstat(path, &st) < 0 && (errno == ENOENT || errno == ENOTDIR))
        return has_remains(path) && ledger_has_path(ledger, path) ? PUT_OURS
                                                                  : PUT_ABSENT;
    if (fetch(path, private, &text, error_out, error_size) != FILE_OK)
        return PUT_BAD;
    if (wanted != NULL && text.length == wanted->length
        && (text.length == 0
            || memcmp(text.data, wanted->data, text.length) == 0))
        state = PUT_SAME;
    else if (crypto_sha256(text.data, text.length, hash)
             && ledger_has_file(ledger, hash, path))
        state = PUT_OURS;
    else
        state = PUT_FOREIGN;
    secret_free(&text);
    return state;
}

struct place {
    int folder;
    const char *name;
    char temporary[FILE_PATH_MAX]; /* a path */
};

static const char *
last_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* The file's folder, which must be root's alone. */
static bool
open_place(const char *path, struct place *place_out, char *error_out,
           size_t error_size)
{
    const char *slash = strrchr(path, '/');
    char folder[FILE_PATH_MAX];
    struct stat st;

    (void) snprintf(folder, sizeof(folder), "%.*s", (int) (slash - path),
                    path);
    place_out->name = slash + 1;
    name_temporary(path, place_out->temporary);
    place_out->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place_out->folder < 0)
        return fail(error_out, error_size, folder, strerror(errno));
    if (fstat(place_out->folder, &st) == 0 && st.st_uid == 0
        && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    (void) close(place_out->folder);
    return fail(error_out, error_size, folder,
                "folder must belong to root and be writable to root alone");
}

bool
put_may_write(const char *path, char *error_out, size_t error_size)
{
    struct place place;
    bool may;

    if (!open_place(path, &place, error_out, error_size))
        return false;
    may = faccessat(place.folder, ".", W_OK, 0) == 0;
    if (!may)
        (void) fail(error_out, error_size, path, strerror(errno));
    (void) close(place.folder);
    return may;
}

bool
put_write(struct ledger *ledger, const char *path, mode_t mode,
          const struct secret *wanted, char *error_out, size_t error_size)
{
    char value[LEDGER_HASH_SIZE + FILE_PATH_MAX], hash[LEDGER_HASH_SIZE];
    struct place place;
    bool done;

    if (!crypto_sha256(wanted->data, wanted->length, hash))
        return fail(error_out, error_size, path, "no SHA-256");
    (void) snprintf(value, sizeof(value), "%s %s", hash, path);
    if (!open_place(path, &place, error_out, error_size))
        return false;
    if (!ledger_add(ledger, "file", value)) {
        (void) close(place.folder);
        return fail(error_out, error_size, LEDGER_PATH, strerror(errno));
    }
    done = replace_file(place.folder, place.name, last_of(place.temporary), 0,
                        mode, wanted);
    if (!done)
        (void) fail(error_out, error_size, path, strerror(errno));
    (void) close(place.folder);
    return done;
}

bool
put_remove(const char *path, char *error_out, size_t error_size)
{
    struct place place;
    bool done;

    if (!open_place(path, &place, error_out, error_size))
        return false;
    (void) unlinkat(place.folder, last_of(place.temporary), 0);
    done = unlinkat(place.folder, place.name, 0) == 0 || errno == ENOENT;
    if (!done)
        (void) fail(error_out, error_size, path, strerror(errno));
    (void) close(place.folder);
    return done;
}
