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

#define LINKS_MAX 40 /* on the way to one file, as many as the kernel takes */

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

/* A path that is being followed from the root. */
struct walk {
    const char *path;
    const struct file_trust *trust;
    char *error;
    size_t error_size;
    unsigned int links;       /* followed so far */
    char real[FILE_PATH_MAX]; /* where it has led to; "" is the root */
    char rest[FILE_PATH_MAX]; /* the folders to come */
};

static enum file_result
refuse(const struct walk *walk, const char *where, const char *what)
{
    return fail(FILE_UNTRUSTED, walk->error, walk->error_size, where, what);
}

static enum file_result
check_folder(const struct walk *walk)
{
    const char *folder = walk->real[0] == '\0' ? "/" : walk->real;
    struct stat st;

    if (lstat(folder, &st) < 0)
        return fail_errno(walk->error, walk->error_size, walk->path);
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return fail_errno(walk->error, walk->error_size, walk->path);
    }
    if (!is_safe_folder(&st, walk->trust))
        return refuse(walk, folder, "folder must belong to root and be "
                                    "writable by nobody else");
    return FILE_OK;
}

/* Goes up by one folder. */
static void
go_up(struct walk *walk)
{
    char *slash = strrchr(walk->real, '/');

    if (slash != NULL)
        *slash = '\0';
}

/*
 * Where real is a link, puts what it leads to before the rest of the way.
 * Others may make links in a sticky folder: theirs are not followed.
 */
static enum file_result
follow(struct walk *walk)
{
    char target[FILE_PATH_MAX];
    size_t left = strlen(walk->rest);
    ssize_t length;
    struct stat st;

    if (lstat(walk->real, &st) < 0)
        return fail_errno(walk->error, walk->error_size, walk->path);
    if (!S_ISLNK(st.st_mode))
        return FILE_OK;
    if (!is_owner(&st, walk->trust))
        return refuse(walk, walk->real, "link must belong to root");
    length = readlink(walk->real, target, sizeof(target));
    if (length < 0)
        return fail_errno(walk->error, walk->error_size, walk->path);
    if (++walk->links > LINKS_MAX
        || (size_t) length + 1 + left >= sizeof(walk->rest))
        return refuse(walk, walk->real, "link leads too far");
    memmove(walk->rest + length + 1, walk->rest, left + 1);
    memcpy(walk->rest, target, (size_t) length);
    walk->rest[length] = '/';
    if (target[0] == '/')
        walk->real[0] = '\0';
    else
        go_up(walk);
    return FILE_OK;
}

/* Into the first of the folders to come, of which there is one. */
static enum file_result
step(struct walk *walk)
{
    size_t length = strcspn(walk->rest, "/");
    size_t used = strlen(walk->real);
    bool stay = length == 1 && walk->rest[0] == '.';
    bool up = length == 2 && strncmp(walk->rest, "..", 2) == 0;

    if (used + 1 + length >= sizeof(walk->real))
        return refuse(walk, walk->path, "path too long");
    if (up) {
        go_up(walk);
    } else if (!stay) {
        walk->real[used] = '/';
        memcpy(walk->real + used + 1, walk->rest, length);
        walk->real[used + 1 + length] = '\0';
    }
    memmove(walk->rest, walk->rest + length,
            strlen(walk->rest + length) + 1);
    return stay || up ? FILE_OK : follow(walk);
}

static enum file_result
walk_all(struct walk *walk)
{
    enum file_result result = check_folder(walk);

    while (result == FILE_OK) {
        size_t slashes = strspn(walk->rest, "/");

        memmove(walk->rest, walk->rest + slashes,
                strlen(walk->rest + slashes) + 1);
        if (walk->rest[0] == '\0')
            break;
        result = step(walk);
        if (result == FILE_OK)
            result = check_folder(walk);
    }
    return result;
}

/*
 * Replaces the folder part of a path by its canonical form. Every folder on
 * the way is checked, also those that hold no more than a link: who could
 * change the link would choose the file.
 */
static enum file_result
canonical(const char *path, const struct file_trust *trust,
          char out[FILE_PATH_MAX], char *error, size_t size)
{
    struct walk walk = {.path = path,
                        .trust = trust,
                        .error = error,
                        .error_size = size};
    const char *name = strrchr(path, '/');
    enum file_result result;
    size_t used;

    if (path[0] != '/' || name == NULL || name[1] == '\0'
        || strlen(path) >= sizeof(walk.rest))
        return refuse(&walk, path, "must be an absolute path");
    memcpy(walk.rest, path, (size_t) (name - path));
    result = walk_all(&walk);
    if (result != FILE_OK)
        return result;
    used = strlen(walk.real);
    if (used + strlen(name) >= FILE_PATH_MAX)
        return refuse(&walk, path, "path too long");
    memcpy(out, walk.real, used);
    memcpy(out + used, name, strlen(name) + 1);
    return FILE_OK;
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
