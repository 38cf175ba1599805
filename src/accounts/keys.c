/*
 * A line of the attribute is a type, a key in base64 and perhaps a comment;
 * whatever else stands before the type would be an option to sshd. The first
 * line of a file says which attribute and which settings it was made of, so
 * that nothing is judged twice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cognito/crypto.h"
#include "common/replace.h"
#include "common/run.h"
#include "common/secret.h"
#include "common/text.h"

#define BASE64                                                                \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
#define BLANKS " \t\r"
#define MADE_OF "# pam-cognito accounts, made of "
#define HASH_SIZE 65
#define FILE_MAX 16384 /* an attribute has 8192 bytes */
#define LINES_MAX 64
#define PATH_SIZE 512
#define JUDGE_MS 10000

static void
path_of(const char *name, char out[PATH_SIZE])
{
    (void) snprintf(out, PATH_SIZE, KEYS_FOLDER "/%s", name);
}

/* What the file is made of: the attribute and the types. */
static bool
hash_of(const struct settings *settings, const char *attribute,
        char hash_out[HASH_SIZE])
{
    char text[FILE_MAX];
    size_t used;

    used = (size_t) snprintf(text, sizeof(text), "%s", attribute);
    for (const char *const *type = settings->ssh_key_types;
         *type != NULL && used < sizeof(text); type++)
        used += (size_t) snprintf(text + used, sizeof(text) - used, "\n%s",
                                  *type);
    return used < sizeof(text) && crypto_sha256(text, used, hash_out);
}

bool
keys_differ(const struct settings *settings, const char *name,
            const char *attribute)
{
    char path[PATH_SIZE], line[sizeof(MADE_OF) + HASH_SIZE], hash[HASH_SIZE];
    struct stat st;
    size_t length;
    FILE *file;
    bool same;

    path_of(name, path);
    if (attribute[0] == '\0')
        return stat(path, &st) == 0 ? st.st_size != 0 : errno != ENOENT;
    file = fopen(path, "re");
    if (file == NULL)
        return true;
    same = fgets(line, sizeof(line), file) != NULL
           && hash_of(settings, attribute, hash)
           && strncmp(line, MADE_OF, strlen(MADE_OF)) == 0;
    length = strlen(MADE_OF);
    same = same && strncmp(line + length, hash, strlen(hash)) == 0;
    (void) fclose(file);
    return !same;
}

/* ---- Which lines are keys ---- */

struct judge {
    char text[FILE_MAX]; /* of the file, so far */
    size_t used;
    unsigned int taken;
    unsigned int left; /* out */
    const char *why;   /* of the first that was left out */
    bool is_blind;     /* nothing can be judged */
};

static bool
is_allowed(const struct settings *settings, const char *type, size_t length)
{
    for (const char *const *allowed = settings->ssh_key_types;
         *allowed != NULL; allowed++)
        if (strlen(*allowed) == length && strncmp(*allowed, type, length) == 0)
            return true;
    return false;
}

/*
 * Does ssh-keygen, as nobody, call that one key, of that type? Its parser sees
 * only letters that base64 has. No says also a program that is not there, or
 * late.
 */
static bool
is_key(const char *line)
{
    static char program[] = "/usr/bin/setpriv",
                keygen[] = "/usr/bin/ssh-keygen";
    static char uid[] = "--reuid=65534", gid[] = "--regid=65534",
                groups[] = "--clear-groups", rights[] = "--no-new-privs",
                inherited[] = "--inh-caps=-all", end[] = "--", list[] = "-l",
                from[] = "-f", input[] = "-";
    char *const words[] = {program, uid,    gid,  groups, rights, inherited,
                           end,     keygen, list, from,   input,  NULL};
    struct secret text = {0}, output = {0};
    bool done = secret_set_text(&text, line)
                && run_program_with(words, &text, JUDGE_MS, &output)
                && output.length > 0
                /* One line, so one key. */
                && strchr(output.data, '\n')
                       == output.data + output.length - 1;

    secret_free(&text);
    secret_free(&output);
    return done;
}

/* Whether it judges at all: somebody's key, long since thrown away. */
static bool
can_judge(void)
{
    return is_key(
        "ecdsa-sha2-nistp256 "
        "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNbXoviM"
        "3eSYKCOW5YWd9A/L0X3iAua7t+NnU6j35E3BVj4yhnw6SoTWhaazbg4D+ssJ"
        "B8J5HDKb8oyzjDZtBIw="
        "\n");
}

static void
leave_out(struct judge *judge, const char *why)
{
    if (judge->left++ == 0)
        judge->why = why;
}

static void
judge_line(const struct settings *settings, struct judge *judge, char *line)
{
    char *type = line + strspn(line, BLANKS), *key;
    size_t type_length = strcspn(type, BLANKS), length, key_length;
    char whole[FILE_MAX];

    if (type[0] == '\0' || type[0] == '#')
        return;
    key = type + type_length + strspn(type + type_length, BLANKS);
    key_length = strspn(key, BASE64);
    if (!is_allowed(settings, type, type_length)) {
        leave_out(judge, "does not begin with a type of ssh_key_types");
        return;
    }
    if (key_length == 0 || strchr(BLANKS, key[key_length]) == NULL) {
        leave_out(judge, "has no key behind its type");
        return;
    }
    length = (size_t) snprintf(whole, sizeof(whole), "%.*s %.*s\n",
                               (int) type_length, type, (int) key_length, key);
    if (judge->taken == LINES_MAX || length >= sizeof(whole)
        || judge->used + length >= sizeof(judge->text)) {
        leave_out(judge, "is one too many");
        return;
    }
    if (!is_key(whole)) {
        judge->is_blind = judge->is_blind || !can_judge();
        leave_out(judge, "is no key to ssh-keygen");
        return;
    }
    memcpy(judge->text + judge->used, whole, length + 1);
    judge->used += length;
    judge->taken++;
}

/* ---- The file ---- */

static int
open_keys(char *note_out, size_t size)
{
    int fd;

    if (mkdir(KEYS_FOLDER, 0755) == 0)
        /* Whatever the umask: sshd reads it as the person. */
        (void) chmod(KEYS_FOLDER, 0755);
    fd = open(KEYS_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        (void) snprintf(note_out, size, KEYS_FOLDER ": %s", strerror(errno));
    return fd;
}

static bool
write_text(const char *name, const char *text, char *note_out, size_t size)
{
    char temporary[PATH_SIZE];
    struct secret whole = {0};
    int folder = open_keys(note_out, size);
    bool done;

    if (folder < 0)
        return false;
    (void) snprintf(temporary, sizeof(temporary), ".%s.new", name);
    done = secret_set_text(&whole, text)
           && replace_file(folder, name, temporary, 0, 0644, &whole);
    if (!done)
        (void) snprintf(note_out, size, KEYS_FOLDER "/%s: %s", name,
                        strerror(errno));
    secret_free(&whole);
    (void) close(folder);
    return done;
}

static bool
empty(const char *name, char *note_out, size_t size)
{
    char path[PATH_SIZE];
    struct stat st;

    path_of(name, path);
    if (lstat(path, &st) < 0 && errno == ENOENT)
        return true;
    return write_text(name, "", note_out, size);
}

bool
keys_write(const struct settings *settings, const char *name,
           const char *attribute, char *note_out, size_t size)
{
    struct judge *judge;
    char *lines, *rest, hash[HASH_SIZE];
    bool done;

    note_out[0] = '\0';
    if (attribute[0] == '\0')
        return empty(name, note_out, size);
    judge = calloc(1, sizeof(*judge));
    lines = strdup(attribute);
    done = judge != NULL && lines != NULL
           && hash_of(settings, attribute, hash);
    if (done) {
        judge->used = (size_t) snprintf(judge->text, sizeof(judge->text),
                                        MADE_OF "%s\n", hash);
        rest = lines;
        while (rest != NULL)
            judge_line(settings, judge, strsep(&rest, "\n"));
        done = !judge->is_blind
               && write_text(name, judge->text, note_out, size);
        if (judge->is_blind)
            (void) snprintf(note_out, size,
                            "ssh-keygen, by setpriv as nobody, cannot judge "
                            "keys here: they stay as they were");
        else if (done && judge->left > 0)
            (void) snprintf(note_out, size,
                            "%u of the lines with SSH keys left out: one %s",
                            judge->left, judge->why);
    } else {
        (void) snprintf(note_out, size, "too long, or out of memory");
    }
    free(lines);
    free(judge);
    return done;
}

bool
keys_remove(const char *name, char *error_out, size_t error_size)
{
    char path[PATH_SIZE];

    path_of(name, path);
    if (unlink(path) == 0 || errno == ENOENT)
        return true;
    (void) snprintf(error_out, error_size, "%s: %s", path, strerror(errno));
    return false;
}
