/*
 * Which files are trusted: real files, links and folders, each with one thing
 * wrong.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static char folder[64] = "/tmp/file-t.XXXXXX";
static char path[FILE_PATH_MAX + 100];
static char error[512];

/* A path in our folder; good until the next call. */
static const char *
in_folder(const char *name)
{
    (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void
make_file(const char *name, const void *content, size_t length, mode_t mode)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    need(fd >= 0 && write(fd, content, length) == (ssize_t) length
             && fchmod(fd, mode) == 0,
         "a file");
    (void) close(fd);
}

static void
check_open(const char *file, const struct file_trust *trust,
           enum file_result wanted, const char *says, const char *what)
{
    int fd = -1;

    error[0] = '\0';
    is_number(file_open(file, trust, &fd, error, sizeof(error)), wanted, what);
    if (wanted == FILE_OK)
        ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC,
           "%s: open, and not for a program that is started", what);
    else if (!ok(fd == -1 && strstr(error, says) != NULL, "%s: %s", what,
                 says))
        diag("said: %s", error);
    if (fd >= 0)
        (void) close(fd);
}

static void
check_files(const struct file_trust *trust)
{
    struct file_trust private = *trust;
    struct file_trust other = {.owner = trust->owner + 1};

    private.private = true;
    make_file("file", "one\n", 4, 0644);
    check_open(in_folder("file"), trust, FILE_OK, "", "all may read it");
    check_open(in_folder("file"), &private, FILE_UNTRUSTED, "mode 0600",
               "all may read the secret");
    (void) chmod(in_folder("file"), 0620);
    check_open(path, trust, FILE_UNTRUSTED, "group or others",
               "the group may write it");
    (void) chmod(path, 0602);
    check_open(path, trust, FILE_UNTRUSTED, "group or others",
               "others may write it");
    (void) chmod(path, 0640);
    check_open(path, &private, FILE_UNTRUSTED, "mode 0600",
               "the group may read the secret");
    (void) chmod(path, 0601);
    check_open(path, &private, FILE_UNTRUSTED, "mode 0600",
               "others may execute the secret");
    (void) chmod(path, 0600);
    check_open(path, &private, FILE_OK, "", "its owner alone");
    if (trust->owner != 0)
        check_open(path, &other, FILE_UNTRUSTED, "must belong to root",
                   "another's");
    check_open(in_folder("none"), trust, FILE_ABSENT, "No such file",
               "there is none");
    check_open(in_folder("file/below"), trust, FILE_ABSENT, "Not a directory",
               "below a file");
    check_open(in_folder("none/below"), trust, FILE_ABSENT, "No such file",
               "the folder is missing");
    check_open(folder, trust, FILE_UNTRUSTED, "regular file", "a folder");
    check_open("/dev/null", trust, FILE_UNTRUSTED, "regular file", "a device");
    need(mkfifo(in_folder("pipe"), 0600) == 0, "a pipe");
    check_open(path, trust, FILE_UNTRUSTED, "regular file",
               "a pipe, without waiting for who writes to it");
    need(symlink("file", in_folder("link")) == 0, "a link");
    check_open(path, trust, FILE_OK, "", "a link of the owner's");
    need(symlink("nowhere", in_folder("dangling")) == 0, "a link");
    check_open(path, trust, FILE_ABSENT, "No such file", "a link to nothing");
    ok(strstr(error, "nowhere") == NULL && strstr(error, "dangling") == NULL,
       "and what is not there is not named");
    (void) unlink(path);
    need(symlink("turning", in_folder("turning")) == 0, "a link");
    check_open(path, trust, FILE_UNTRUSTED, "leads too far",
               "a link to itself");
    (void) unlink(path);
}

static void
check_paths(const struct file_trust *trust)
{
    char longest[FILE_PATH_MAX + 10];

    check_open("", trust, FILE_UNTRUSTED, "absolute path", "no path");
    check_open("file", trust, FILE_UNTRUSTED, "absolute path",
               "a relative path");
    check_open("./file", trust, FILE_UNTRUSTED, "absolute path",
               "a path from here");
    check_open("/", trust, FILE_UNTRUSTED, "absolute path", "the root");
    check_open(in_folder(""), trust, FILE_UNTRUSTED, "absolute path",
               "a slash at the end");
    check_open("/none-of-that-name", trust, FILE_ABSENT, "No such file",
               "a file in the root");
    memset(longest, '/', sizeof(longest));
    longest[sizeof(longest) - 2] = 'x';
    longest[sizeof(longest) - 1] = '\0';
    check_open(longest, trust, FILE_UNTRUSTED, "absolute path",
               "longer than a path may be");
}

/* What lies in the folder is good; how the folder is decides. */
static void
check_folder(const struct file_trust *trust, mode_t mode,
             enum file_result wanted, const char *what)
{
    (void) chmod(in_folder("inner"), mode);
    check_open(in_folder("inner/file"), trust, wanted, "folder must belong",
               what);
}

static void
check_folders(const struct file_trust *trust)
{
    need(mkdir(in_folder("inner"), 0700) == 0, "a folder");
    make_file("inner/file", "one\n", 4, 0600);
    check_folder(trust, 0700, FILE_OK, "the folder is the owner's");
    check_folder(trust, 0755, FILE_OK, "all may look into the folder");
    check_folder(trust, 0770, FILE_UNTRUSTED,
                 "the group may write to the folder");
    check_folder(trust, 0707, FILE_UNTRUSTED,
                 "others may write to the folder");
    check_folder(trust, 01777, trust->owner == 0 ? FILE_OK : FILE_UNTRUSTED,
                 "a sticky folder is trusted when it is root's");
    check_folder(trust, 0700, FILE_OK, "as before");
    need(symlink("inner", in_folder("way")) == 0, "a link to the folder");
    check_open(in_folder("way/file"), trust, FILE_OK, "",
               "a link on the way: where it leads is what counts");
    (void) chmod(in_folder("inner"), 0777);
    check_open(in_folder("way/file"), trust, FILE_UNTRUSTED,
               "folder must belong", "and that is looked at");
    (void) chmod(in_folder("inner"), 0700);
    (void) unlink(in_folder("inner/file"));
    (void) unlink(in_folder("way"));
    (void) rmdir(in_folder("inner"));
}

static void
check_program(const char *name, const struct file_trust *trust, mode_t mode,
              enum file_result wanted, const char *says)
{
    char real[FILE_PATH_MAX] = "";

    error[0] = '\0';
    (void) chmod(in_folder(name), mode);
    ok(file_check_program(path, trust, real, error, sizeof(error)) == wanted
           && strstr(error, says) != NULL
           && (wanted != FILE_OK || strcmp(real, path) == 0),
       "a program with mode %04o: %s", (unsigned int) mode,
       wanted == FILE_OK ? "fine" : says);
}

static void
check_programs(const struct file_trust *trust)
{
    make_file("program", "#!/bin/sh\n", 10, 0755);
    check_program("program", trust, 0755, FILE_OK, "");
    check_program("program", trust, 0700, FILE_OK, "");
    check_program("program", trust, 0644, FILE_UNTRUSTED, "not executable");
    check_program("program", trust, 0055, FILE_UNTRUSTED, "not executable");
    check_program("program", trust, 0775, FILE_UNTRUSTED, "group or others");
    check_program("program", trust, 04755, FILE_UNTRUSTED, "setuid");
    check_program("program", trust, 02755, FILE_UNTRUSTED, "setuid");
    (void) unlink(in_folder("program"));
    check_program("program", trust, 0755, FILE_ABSENT, "No such file");
    check_program("link", trust, 0755, FILE_UNTRUSTED, "regular file");
}

/* Whose file is private, with which mode, on whose host. */
static void
check_privacy(void)
{
    static const struct {
        uid_t host, owner;
        mode_t mode;
        bool private;
        const char *what;
    } rows[] = {
        {0, 0, 0600, true, "root's own"},
        {0, 0, 0400, true, "root's own, for reading"},
        {0, 0, 0440, false, "a group may read root's secret"},
        {0, 0, 0404, false, "all may read root's secret"},
        {1000, 1000, 0600, true, "a person's own"},
        {1000, 1000, 0440, false, "a group may read a person's secret"},
        {1000, 0, 0440, true, "root gave it to a person's group"},
        {1000, 0, 0640, true,
         "root gave it to a person's group, his to write"},
        {1000, 0, 0444, false, "root gave it to all"},
        {1000, 0, 0450, false, "a group may execute it"},
        {1000, 0, 0460, false, "a group may write it"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct file_trust trust = {.owner = rows[i].host};
        struct stat st = {.st_uid = rows[i].owner,
                          .st_mode = S_IFREG | rows[i].mode};

        ok(file_is_private(&st, &trust) == rows[i].private, "%s: %s",
           rows[i].what, rows[i].private ? "private" : "not private");
    }
}

/* Reads the file in lines of at most 9 bytes; what they are, and the end. */
static void
check_lines(const char *content, size_t length, const char *wanted, bool fails,
            const char *what)
{
    struct file_lines lines = {.fd = -1};
    char line[10], seen[200] = "";
    bool failed = false;

    make_file("lines", content, length, 0600);
    lines.fd = open(path, O_RDONLY);
    while (file_next_line(&lines, line, sizeof(line), &failed)) {
        strcat(seen, line);
        strcat(seen, "|");
    }
    is_text(seen, wanted, what);
    ok(failed == fails, "%s: %s", what, fails ? "a fault" : "no fault");
    (void) close(lines.fd);
}

/* The same where # begins a comment: lines with their numbers, and the end. */
static void
check_comments(const char *content, size_t length, const char *wanted,
               bool fails, const char *what)
{
    struct file_lines lines = {.comment = '#'};
    char line[10], seen[200] = "";
    bool failed = false;

    make_file("lines", content, length, 0600);
    lines.fd = open(path, O_RDONLY);
    while (file_next_line(&lines, line, sizeof(line), &failed))
        (void) snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen),
                        "%u %s|", lines.number, line);
    (void) snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%u",
                    lines.number);
    is_text(seen, wanted, what);
    ok(failed == fails, "%s: %s", what, fails ? "a fault" : "no fault");
    (void) close(lines.fd);
}

/* Comments around the end of what is read at a time. */
static void
check_long_comments(void)
{
    struct file_lines lines = {.comment = '#'};
    char content[3 * sizeof(lines.buffer)], line[10];
    size_t before = 0;
    bool failed = true;
    unsigned int wrong = 0;

    for (size_t shift = 0; shift < 20; shift++) {
        memset(content, '\n', sizeof(content));
        for (size_t i = shift; i + 20 < sizeof(content); i += 9)
            memcpy(content + i, "# 345678\n", 9);
        memcpy(content + sizeof(content) - 4, "end\n", 4);
        make_file("lines", content, sizeof(content), 0600);
        lines = (struct file_lines){.fd = open(path, O_RDONLY),
                                    .comment = '#'};
        before = 0;
        while (file_next_line(&lines, line, sizeof(line), &failed)
               && strcmp(line, "end") != 0)
            wrong += line[0] != '\0' && strcmp(line, "# 345678") != 0;
        for (size_t i = 0; i < sizeof(content); i++)
            before += content[i] == '\n';
        wrong += failed || strcmp(line, "end") != 0 || lines.number != before;
        (void) close(lines.fd);
    }
    is_number(wrong, 0, "comments in all places of a long file");
}

/* A line that cannot be read up to |, which is the next one. */
#define check_skipping(text, visible)                                         \
    check_skip(text, sizeof(text) - 1, visible)
static void
check_skip(const char *content, size_t length, char visible)
{
    struct file_lines lines = {.fd = -1};
    char line[10], seen = 'X';
    bool failed = false;

    make_file("lines", content, length, 0600);
    lines.fd = open(path, O_RDONLY);
    ok(!file_next_line(&lines, line, sizeof(line), &failed) && failed,
       "a line that cannot be read");
    ok(file_skip_line(&lines, &seen) && seen == visible,
       "what is seen first of its rest");
    ok(file_next_line(&lines, line, sizeof(line), &failed)
           && strcmp(line, "|") == 0 && lines.number == 2,
       "the next line");
    ok(!file_skip_line(&lines, &seen) && seen == '\0', "no rest at the end");
    (void) close(lines.fd);
}

static void
check_reading(const struct file_trust *trust)
{
    static char large[FILE_SIZE_MAX + 1];
    struct file_lines lines = {.fd = -1};
    char line[10];
    bool failed = false;
    int fd = -1;

    check_lines("", 0, "", false, "an empty file");
    check_lines("one\ntwo\n", 8, "one|two|", false, "two lines");
    check_lines("one\ntwo", 7, "one|two|", false, "no newline at the end");
    check_lines("\n\n", 2, "||", false, "empty lines");
    check_lines("123456789\n", 10, "123456789|", false, "the longest line");
    check_lines("1234567890\n", 11, "", true, "a line too long");
    check_lines("one\nt\0o\n", 8, "one|", true, "a NUL");
    check_comments("# one\n#\nx\n #y\n#z", 16, "3 x|4  #y|5 #z|6", false,
                   "comments, the last without a newline");
    check_comments("# one\n", 6, "2", false, "nothing but a comment");
    check_comments("#23456789\n#234567890\n", 21, "2", true,
                   "a comment too long");
    check_comments("#\0\nx\n", 5, "1", true, "a NUL in a comment");
    check_lines("#one\n", 5, "#one|", false, "no comments here");
    check_long_comments();
    check_skipping("1234567890\n|", '0');
    check_skipping("         [x\n|", '[');
    check_skipping("\0\0 \x80\x7f\t[\n|", '[');
    check_skipping("\0\n|", '\0');
    check_skipping("ab\0c\0d\n|", 'c');
    ok(!file_next_line(&lines, line, sizeof(line), &failed) && failed,
       "no file to read");
    memset(large, '\n', sizeof(large));
    make_file("lines", large, sizeof(large), 0600);
    check_open(path, trust, FILE_UNTRUSTED, "too large",
               "a byte more than a file may have");
    lines.fd = open(path, O_RDONLY);
    lines.number = 0;
    while (file_next_line(&lines, line, sizeof(line), &failed))
        continue;
    ok(failed && lines.number == FILE_SIZE_MAX + 1,
       "one that grew after it was opened: read so far and no further");
    (void) close(lines.fd);
    make_file("lines", large, sizeof(large) - 1, 0600);
    is_number(file_open(path, trust, &fd, error, sizeof(error)), FILE_OK,
              "the largest file is opened");
    lines = (struct file_lines){.fd = fd};
    while (file_next_line(&lines, line, sizeof(line), &failed))
        continue;
    ok(!failed && lines.number == FILE_SIZE_MAX + 1, "and read");
    (void) close(fd);
}

int
main(void)
{
    struct file_trust trust = {.owner = geteuid()};

    (void) umask(022);
    need(mkdtemp(folder) != NULL, "a folder");
    check_files(&trust);
    check_paths(&trust);
    check_folders(&trust);
    check_programs(&trust);
    check_privacy();
    check_reading(&trust);
    (void) unlink(in_folder("file"));
    (void) unlink(in_folder("link"));
    (void) unlink(in_folder("pipe"));
    (void) unlink(in_folder("lines"));
    ok(rmdir(folder) == 0, "nothing was left behind");
    return done_testing();
}
