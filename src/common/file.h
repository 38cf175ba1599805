/*
 * Files and programs that decide who gets in: opened once, and only when
 * nobody but their rightful owner could have changed them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAM_COGNITO_FILE_H
#define PAM_COGNITO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define FILE_PATH_MAX 4096
#define FILE_SIZE_MAX (256 * 1024) /* bytes of any file that is read */

/* Who may own the file and what its mode may grant. */
struct file_trust {
    uid_t owner;  /* 0 or this uid must own the file and every folder above */
    bool private; /* as file_is_private says */
    off_t size_max; /* 0: FILE_SIZE_MAX */
};

enum file_result {
    FILE_OK,
    FILE_ABSENT,    /* there is none (or a folder on the way is missing) */
    FILE_UNTRUSTED, /* error says what to mend */
    FILE_FAILED     /* error says why */
};

/*
 * May nobody read it whom it is not for? On a plain user's own host root may
 * have put it there for him: systemd's credentials have an access list then,
 * Kubernetes' secrets a group.
 */
bool file_is_private(const struct stat *st, const struct file_trust *trust);

/*
 * Opens an absolute path for reading: a regular file, not writable by group or
 * others, owned as trust says, below folders that only the owner or root can
 * change (a root-owned sticky folder passes). At most eight links are
 * followed, also at the end of the path, when they are the owner's or root's
 * and so are the folders that they stand in and lead through. The descriptor
 * is close-on-exec and the caller's. error_out is one line that names as much
 * of the path as there is, and nothing that there is not: that may be a secret
 * in the wrong place.
 */
enum file_result file_open(const char *path, const struct file_trust *trust,
                           int *fd_out, char *error_out, size_t error_size);

/*
 * The same tests for a program that will be executed; it may be readable by
 * all, and be no link itself. real_out is the path that was tested, without
 * links, and the one to execute.
 */
enum file_result file_check_program(const char *path,
                                    const struct file_trust *trust,
                                    char real_out[FILE_PATH_MAX],
                                    char *error_out, size_t error_size);

/*
 * Reads the next line of at most size - 1 bytes from fd into line_out without
 * its newline. False at the end of the file and on an error; *error_out is
 * true when the file or a line is too long, a line holds a NUL, or reading
 * failed: line_out is what came before. Every part of the file passes through
 * the struct: wipe it.
 */
struct file_lines {
    int fd;
    char comment;        /* lines that begin with it may be left out; or NUL */
    unsigned int number; /* of the line last read, from 1 */
    size_t total;
    size_t used, filled; /* of buffer */
    char buffer[4096];   /* wipe with the struct */
};
bool file_next_line(struct file_lines *lines, char *line_out, size_t size,
                    bool *error_out);

/*
 * Skips the rest of a line that was too long or held a NUL, from that byte on;
 * *visible_out is the rest's first byte of visible ASCII, NUL for none. False
 * as above.
 */
bool file_skip_line(struct file_lines *lines, char *visible_out);

#endif
