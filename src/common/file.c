/*
 * Opens files step by step from the root and judges owner, mode and kind of
 * each folder and link on the way. Reads no content but lines.
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

#include "common/text.h"

#define OVERFLOW_UID 65534 /* of whoever has no number in our namespace */
#define LINKS_MAX 8        /* on the way to one file */
#define MESSAGE_MAX 164 /* bytes: a key and more before it, and it is a line */
#define SHOWN_MIN 32    /* bytes of a path in it, at least */

static enum file_result
fail(enum file_result result, char *error, size_t size, const char *path,
     const char *what)
{
    size_t words = strlen(what) + 2;
    size_t room = words + SHOWN_MIN < MESSAGE_MAX ? MESSAGE_MAX - words
                                                  : SHOWN_MIN;
    char shown[MESSAGE_MAX];

    (void) snprintf(error, size, "%s: %s", text_path(path, shown, room + 1),
                    what);
    return result;
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

/*
 * A path that is followed from the root by descriptors, so that what was
 * looked at is what is used. Messages name where it has led to, never what is
 * to come: a secret may have been put where a path was expected.
 */
struct walk {
    const struct file_trust *trust;
    char *error;
    size_t error_size;
    bool is_program;          /* no link at the end */
    int folder;               /* the last one, checked */
    unsigned int links;       /* followed so far */
    char real[FILE_PATH_MAX]; /* its canonical name; "" is the root */
    char rest[FILE_PATH_MAX]; /* what is to come */
};

static const char *
name_of_folder(const struct walk *walk)
{
    return walk->real[0] == '\0' ? "/" : walk->real;
}

static enum file_result
refuse(const struct walk *walk, const char *where, const char *what)
{
    return fail(FILE_UNTRUSTED, walk->error, walk->error_size, where, what);
}

static enum file_result
fail_errno(const struct walk *walk, const char *where)
{
    char text[80], what[112];
    int number = errno;

    /* strerror_r of GNU returns the text it wants to be used. */
    (void) snprintf(what, sizeof(what), "%s%s",
                    strerror_r(number, text, sizeof(text)), where);
    return fail(number == ENOENT || number == ENOTDIR ? FILE_ABSENT
                                                      : FILE_FAILED,
                walk->error, walk->error_size, name_of_folder(walk), what);
}

/* Goes into a folder; the descriptor is the walk's from now on. */
static enum file_result
enter(struct walk *walk, int folder)
{
    struct stat st;

    if (walk->folder >= 0)
        (void) close(walk->folder);
    walk->folder = folder;
    if (fstat(folder, &st) < 0)
        return fail_errno(walk, "");
    if (!is_safe_folder(&st, walk->trust))
        return refuse(walk, name_of_folder(walk),
                      st.st_uid == OVERFLOW_UID
                          ? "folder is nobody's: a user namespace hides whose "
                            "it is"
                          : "folder must belong to root and be writable by "
                            "nobody else (Kubernetes: mount the file by "
                            "subPath)");
    return FILE_OK;
}

static enum file_result
enter_root(struct walk *walk)
{
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    walk->real[0] = '\0';
    return root < 0 ? fail_errno(walk, "") : enter(walk, root);
}

/* Takes the last part off the canonical name. */
static void
cut_name(struct walk *walk)
{
    char *slash = strrchr(walk->real, '/');

    if (slash != NULL)
        *slash = '\0';
}

/*
 * Puts what a link leads to before the rest of the way; the link's own name is
 * at the end of real. Others may make links in a sticky folder: theirs are not
 * followed.
 */
static enum file_result
follow(struct walk *walk, int link, const struct stat *st)
{
    char target[FILE_PATH_MAX];
    size_t left = strlen(walk->rest);
    ssize_t length;

    if (!is_owner(st, walk->trust))
        return refuse(walk, walk->real, "link must belong to root");
    length = readlinkat(link, "", target, sizeof(target));
    if (length < 0)
        return fail_errno(walk, "");
    if (++walk->links > LINKS_MAX
        || (size_t) length + 1 + left >= sizeof(walk->rest))
        return refuse(walk, walk->real, "link leads too far");
    cut_name(walk);
    memmove(walk->rest + length + 1, walk->rest, left + 1);
    memcpy(walk->rest, target, (size_t) length);
    /* What stands behind a slash is a folder: none after the last part. */
    walk->rest[length] = left == 0 ? '\0' : '/';
    return target[0] == '/' ? enter_root(walk) : FILE_OK;
}

/* Takes the next part off the way; false when there is none. */
static bool
next_part(struct walk *walk, char part[FILE_PATH_MAX])
{
    size_t slashes = strspn(walk->rest, "/");
    size_t length = strcspn(walk->rest + slashes, "/");

    memcpy(part, walk->rest + slashes, length);
    part[length] = '\0';
    memmove(walk->rest, walk->rest + slashes + length,
            strlen(walk->rest + slashes + length) + 1);
    return length > 0;
}

/* Into the folder above, or nowhere. */
static enum file_result
step_aside(struct walk *walk, bool up)
{
    int folder;

    if (!up)
        return FILE_OK;
    folder = openat(walk->folder, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return fail_errno(walk, "");
    cut_name(walk);
    return enter(walk, folder);
}

/*
 * One part further: a folder is entered, a link followed. Anything else is
 * where the way ends: *found_out is an O_PATH descriptor of it.
 */
static enum file_result
step(struct walk *walk, const char *part, int *found_out)
{
    size_t used = strlen(walk->real);
    enum file_result result = FILE_OK;
    struct stat st;
    int fd;

    if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
        return step_aside(walk, part[1] == '.');
    if (used + 1 + strlen(part) >= sizeof(walk->real))
        return refuse(walk, name_of_folder(walk), "path too long from here");
    fd = openat(walk->folder, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(walk, " in this folder");
    (void) snprintf(walk->real + used, sizeof(walk->real) - used, "/%s", part);
    if (fstat(fd, &st) < 0) {
        result = fail_errno(walk, "");
    } else if (S_ISLNK(st.st_mode)
               && (walk->rest[0] != '\0' || !walk->is_program)) {
        result = follow(walk, fd, &st);
    } else if (S_ISDIR(st.st_mode) && walk->rest[0] != '\0') {
        return enter(walk, fd);
    } else {
        *found_out = fd;
        return FILE_OK;
    }
    (void) close(fd);
    return result;
}

/*
 * Every folder on the way is checked, also those that hold no more than a
 * link: who could change the link would choose the file.
 */
static enum file_result
walk_path(struct walk *walk, const char *path, int *found_out)
{
    size_t length = strlen(path);
    char part[FILE_PATH_MAX];
    enum file_result result;

    if (path[0] != '/' || path[length - 1] == '/'
        || length >= sizeof(walk->rest))
        return fail(FILE_UNTRUSTED, walk->error, walk->error_size, "path",
                    "must be an absolute path");
    memcpy(walk->rest, path, length + 1);
    result = enter_root(walk);
    while (result == FILE_OK && *found_out < 0) {
        if (!next_part(walk, part))
            return refuse(walk, name_of_folder(walk),
                          "must be a regular file");
        result = step(walk, part, found_out);
    }
    /* Something that is no folder, and more to come. */
    if (result == FILE_OK && walk->rest[0] != '\0') {
        errno = ENOTDIR;
        result = fail_errno(walk, "");
    }
    return result;
}

bool
file_is_private(const struct stat *st, const struct file_trust *trust)
{
    mode_t open = st->st_mode & (S_IRWXG | S_IRWXO);

    return open == 0
           || (open == S_IRGRP && trust->owner != 0 && st->st_uid == 0);
}

static enum file_result
check_file(const struct walk *walk, const struct stat *st)
{
    const struct file_trust *trust = walk->trust;

    if (!S_ISREG(st->st_mode))
        return refuse(walk, walk->real, "must be a regular file");
    if (!is_owner(st, trust))
        return refuse(walk, walk->real,
                      trust->owner == 0 ? "must belong to root (chown root)"
                                        : "must belong to root or to you");
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refuse(walk, walk->real,
                      "must not be writable by group or others (chmod go-w)");
    if (trust->private && !file_is_private(st, trust))
        return refuse(walk, walk->real,
                      "holds a secret and must have mode 0600 (chmod 0600; "
                      "Kubernetes: defaultMode: 0400; Docker: mode: 0400)");
    return FILE_OK;
}

static enum file_result
open_found(struct walk *walk, int *fd_out)
{
    enum file_result result;
    off_t size_max = walk->trust->size_max == 0 ? FILE_SIZE_MAX
                                                : walk->trust->size_max;
    struct stat st;
    int fd;

    fd = openat(walk->folder, strrchr(walk->real, '/') + 1,
                O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_errno(walk, "");
    result = fstat(fd, &st) < 0 ? fail_errno(walk, "") : check_file(walk, &st);
    if (result == FILE_OK && st.st_size > size_max)
        result = refuse(walk, walk->real, "is too large");
    if (result == FILE_OK)
        *fd_out = fd;
    else
        (void) close(fd);
    return result;
}

enum file_result
file_open(const char *path, const struct file_trust *trust, int *fd_out,
          char *error_out, size_t error_size)
{
    struct walk walk = {.trust = trust,
                        .error = error_out,
                        .error_size = error_size,
                        .folder = -1};
    enum file_result result;
    int found = -1;

    result = walk_path(&walk, path, &found);
    if (result == FILE_OK)
        result = open_found(&walk, fd_out);
    if (found >= 0)
        (void) close(found);
    if (walk.folder >= 0)
        (void) close(walk.folder);
    return result;
}

enum file_result
file_check_program(const char *path, const struct file_trust *trust,
                   char real_out[FILE_PATH_MAX], char *error_out,
                   size_t error_size)
{
    struct walk walk = {.trust = trust,
                        .error = error_out,
                        .error_size = error_size,
                        .is_program = true,
                        .folder = -1};
    enum file_result result;
    int found = -1;
    struct stat st;

    result = walk_path(&walk, path, &found);
    if (result == FILE_OK)
        result = fstat(found, &st) < 0 ? fail_errno(&walk, "")
                                       : check_file(&walk, &st);
    if (result == FILE_OK && (st.st_mode & (S_ISUID | S_ISGID)) != 0)
        result = refuse(&walk, walk.real, "must not be setuid or setgid");
    if (result == FILE_OK && (st.st_mode & S_IXUSR) == 0)
        result = refuse(&walk, walk.real, "is not executable");
    if (result == FILE_OK)
        memcpy(real_out, walk.real, sizeof(walk.real));
    if (found >= 0)
        (void) close(found);
    if (walk.folder >= 0)
        (void) close(walk.folder);
    return result;
}

/* More of the file: 1, 0 at its end, -1 when it cannot be read. */
static int
fill(struct file_lines *lines)
{
    ssize_t count;

    do
        count = read(lines->fd, lines->buffer, sizeof(lines->buffer));
    while (count < 0 && errno == EINTR);
    if (count <= 0)
        return count == 0 ? 0 : -1;
    lines->total += (size_t) count;
    if (lines->total > FILE_SIZE_MAX)
        return -1;
    lines->used = 0;
    lines->filled = (size_t) count;
    return 1;
}

/*
 * By whole pieces, and comments are not even copied where they are whole: what
 * people write into a file for themselves is to cost next to nothing.
 */
bool
file_next_line(struct file_lines *lines, char *line_out, size_t size,
               bool *error_out)
{
    size_t length = 0, count;
    const char *from, *end, *nul;
    int more = 1;

    *error_out = false;
    lines->number++;
    for (;;) {
        if (lines->used == lines->filled && (more = fill(lines)) <= 0) {
            *error_out = more < 0;
            break;
        }
        from = lines->buffer + lines->used;
        count = lines->filled - lines->used;
        end = memchr(from, '\n', count);
        if (end != NULL)
            count = (size_t) (end - from);
        nul = memchr(from, '\0', count);
        if (nul != NULL)
            count = (size_t) (nul - from);
        if (count > size - 1 - length)
            count = size - 1 - length;
        if (length == 0 && count > 0 && from[0] == lines->comment
            && from + count == end) {
            lines->used += count + 1;
            lines->number++;
            continue;
        }
        memcpy(line_out + length, from, count);
        length += count;
        lines->used += count;
        if (from + count == end) {
            lines->used++;
            break;
        }
        /* A byte that may not be: it is file_skip_line()'s to see. */
        *error_out = lines->used < lines->filled;
        if (*error_out)
            break;
    }
    line_out[length] = '\0';
    return !*error_out && (more > 0 || length > 0);
}

bool
file_skip_line(struct file_lines *lines, char *visible_out)
{
    char byte;

    *visible_out = '\0';
    for (;;) {
        if (lines->used == lines->filled && fill(lines) <= 0)
            return false;
        byte = lines->buffer[lines->used++];
        if (byte == '\n')
            return true;
        if (*visible_out == '\0' && byte > ' ' && byte < 0x7f)
            *visible_out = byte;
    }
}
