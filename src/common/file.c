/*
 * Trust in files: owner, mode, kind, and every folder above.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum file_result
fail(enum file_result result, char *error, size_t size, const char *path,
     const char *what)
{
    (void) snprintf(error, size, "%.160s: %s", path, what);
    return result;
}

static enum file_result
fail_errno(char *error, size_t size, const char *path)
{
    char text[80];
    int number = errno;

    /* strerror_r of GNU returns the text it wants to be used. */
    return fail(number == ENOENT || number == ENOTDIR ? FILE_ABSENT
                                                      : FILE_FAILED,
                error, size, path, strerror_r(number, text, sizeof(text)));
}

static bool
is_owner(const struct stat *st, const struct file_trust *trust)
{
    return st->st_uid == 0 || st->st_uid == trust->owner;
}

/* May only root and the owner rename and replace what is in this folder? */
static bool
is_safe_folder(const struct stat *st, const struct file_trust *trust)
{
    if (!S_ISDIR(st->st_mode) || !is_owner(st, trust))
        return false;
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return true;
    return st->st_uid == 0 && (st->st_mode & S_ISVTX) != 0;
}

/* Checks the folders of a canonical path, from the root down. */
static enum file_result
check_folders(const char *folder, const struct file_trust *trust, char *error,
              size_t size)
{
    char part[FILE_PATH_MAX];
    struct stat st;

    for (size_t end = 1;; end++) {
        if (folder[end] != '/' && folder[end] != '\0' && end > 1)
            continue;
        memcpy(part, folder, end);
        part[end] = '\0';
        if (lstat(part, &st) < 0)
            return fail_errno(error, size, part);
        if (!is_safe_folder(&st, trust))
            return fail(FILE_UNTRUSTED, error, size, part,
                        "folder must belong to root and be writable by "
                        "nobody else");
        if (folder[end] == '\0' || folder[1] == '\0')
            return FILE_OK;
    }
}

/*
 * Replaces the folder part of a path by its canonical form, checked. Links
 * on the way are fine: what they lead to is what gets checked and opened.
 */
static enum file_result
canonical(const char *path, const struct file_trust *trust,
          char out[FILE_PATH_MAX], char *error, size_t size)
{
    char folder[FILE_PATH_MAX];
    char *real;
    const char *name = strrchr(path, '/');
    enum file_result result;
    int written;

    if (path[0] != '/' || name == NULL || name[1] == '\0'
        || strlen(path) >= sizeof(folder))
        return fail(FILE_UNTRUSTED, error, size, path,
                    "must be an absolute path");
    memcpy(folder, path, (size_t) (name - path));
    folder[name - path] = '\0';
    real = realpath(name == path ? "/" : folder, NULL);
    if (real == NULL)
        return fail_errno(error, size, path);
    result = check_folders(real, trust, error, size);
    written = snprintf(out, FILE_PATH_MAX, "%s%s",
                       real[1] == '\0' ? "" : real, name);
    free(real);
    if (result == FILE_OK && (written < 0 || written >= FILE_PATH_MAX))
        result = fail(FILE_UNTRUSTED, error, size, path, "path too long");
    return result;
}

static enum file_result
check_file(const char *path, const struct stat *st,
           const struct file_trust *trust, char *error, size_t size)
{
    if (!S_ISREG(st->st_mode))
        return fail(FILE_UNTRUSTED, error, size, path,
                    "must be a regular file");
    if (!is_owner(st, trust))
        return fail(FILE_UNTRUSTED, error, size, path,
                    trust->owner == 0 ? "must belong to root (chown root)"
                                      : "must belong to root or to you");
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(FILE_UNTRUSTED, error, size, path,
                    "must not be writable by group or others (chmod go-w)");
    if (trust->private
        && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(FILE_UNTRUSTED, error, size, path,
                    "holds a secret and must have mode 0600 (chmod 0600)");
    return FILE_OK;
}

enum file_result
file_open(const char *path, const struct file_trust *trust, int *fd_out,
          char *error_out, size_t error_size)
{
    char real[FILE_PATH_MAX];
    enum file_result result;
    struct stat st;
    int fd;

    result = canonical(path, trust, real, error_out, error_size);
    if (result != FILE_OK)
        return result;
    fd = open(real, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        if (errno == ELOOP)
            return fail(FILE_UNTRUSTED, error_out, error_size, path,
                        "must not be a symbolic link");
        return fail_errno(error_out, error_size, path);
    }
    if (fstat(fd, &st) < 0)
        result = fail_errno(error_out, error_size, path);
    else
        result = check_file(path, &st, trust, error_out, error_size);
    if (result == FILE_OK && st.st_size > FILE_SIZE_MAX)
        result = fail(FILE_UNTRUSTED, error_out, error_size, path,
                      "is too large");
    if (result != FILE_OK) {
        (void) close(fd);
        return result;
    }
    *fd_out = fd;
    return FILE_OK;
}

enum file_result
file_check_program(const char *path, const struct file_trust *trust,
                   char real_out[FILE_PATH_MAX], char *error_out,
                   size_t error_size)
{
    enum file_result result;
    struct stat st;

    result = canonical(path, trust, real_out, error_out, error_size);
    if (result != FILE_OK)
        return result;
    if (lstat(real_out, &st) < 0)
        return fail_errno(error_out, error_size, path);
    result = check_file(path, &st, trust, error_out, error_size);
    if (result == FILE_OK && (st.st_mode & (S_ISUID | S_ISGID)) != 0)
        result = fail(FILE_UNTRUSTED, error_out, error_size, path,
                      "must not be setuid or setgid");
    if (result == FILE_OK && (st.st_mode & S_IXUSR) == 0)
        result = fail(FILE_UNTRUSTED, error_out, error_size, path,
                      "is not executable");
    return result;
}

/* The next byte, -1 at the end of the file, -2 when it cannot be read. */
static int
next_byte(struct file_lines *lines)
{
    ssize_t count;

    if (lines->used == lines->filled) {
        do
            count = read(lines->fd, lines->buffer, sizeof(lines->buffer));
        while (count < 0 && errno == EINTR);
        if (count <= 0)
            return count == 0 ? -1 : -2;
        lines->used = 0;
        lines->filled = (size_t) count;
    }
    if (++lines->total > FILE_SIZE_MAX)
        return -2;
    return (unsigned char) lines->buffer[lines->used++];
}

bool
file_next_line(struct file_lines *lines, char *line_out, size_t size,
               bool *error_out)
{
    size_t length = 0;
    int byte;

    *error_out = false;
    lines->number++;
    for (;;) {
        byte = next_byte(lines);
        if (byte == -1 && length == 0)
            return false;
        if (byte == -1 || byte == '\n')
            break;
        if (byte == -2 || byte == '\0' || length + 1 >= size) {
            *error_out = true;
            return false;
        }
        line_out[length++] = (char) byte;
    }
    line_out[length] = '\0';
    return true;
}
