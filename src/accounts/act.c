/*
 * useradd and its relatives own /etc/passwd: they lock it, and know about
 * SELinux, shadow and skeletons. Names are told behind "--" where a tool takes
 * that, and begin with a letter or _ anyway.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "accounts/act.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "accounts/ending.h"
#include "accounts/keys.h"
#include "common/run.h"
#include "common/secret.h"
#include "common/text.h"

#define TOOL_MS 120000 /* useradd waits 15 s for another one's lock */
#define WORDS_MAX 40
#define BATCH 32 /* accounts made for one saving of the state */
#define UID_SIZE 16
#define LONG_PAST "1970-01-02" /* an account that expired then is locked */
#define AGELESS "PASS_MAX_DAYS=-1"
#define SYSTEMD "/run/systemd/system"

static bool
say(char *note_out, const char *what, const char *why)
{
    (void) snprintf(note_out, ACT_NOTE_SIZE, "%s: %s", what, why);
    return false;
}

/* Runs the words up to NULL; false with its first line of output in note. */
static bool
tool(char *note_out, const char *path, ...)
{
    char *words[WORDS_MAX + 1], line[TEXT_LINE_MAX];
    struct secret output = {0};
    const char *word = path;
    size_t count = 0;
    va_list more;
    bool done;

    va_start(more, path);
    for (; word != NULL && count < WORDS_MAX; word = va_arg(more, char *))
        words[count++] = (char *) (uintptr_t) word;
    va_end(more);
    words[count] = NULL;
    done = word == NULL && run_program(words, TOOL_MS, &output);
    if (!done) {
        const char *said = output.data == NULL ? "" : output.data;

        text_clean_bytes(said, strcspn(said, "\n"), line, sizeof(line));
        (void) say(note_out, path,
                   line[0] != '\0'          ? line
                   : access(path, X_OK) < 0 ? strerror(errno)
                                            : "it failed");
    }
    secret_free(&output);
    return done;
}

static const char *
uid_text(uid_t uid, char out[UID_SIZE])
{
    (void) snprintf(out, UID_SIZE, "%lu", (unsigned long) uid);
    return out;
}

/* ---- Accounts ---- */

/* An empty folder of root's, which a useradd that was ended left. */
static void
clear_home(const char *home)
{
    struct stat st;

    if (lstat(home, &st) == 0 && st.st_uid == 0)
        (void) rmdir(home);
}

/*
 * Its group is everybody's, which modes such as Ubuntu's 0750 do not reckon
 * with: the group may do there no more than others may.
 */
static bool
close_home(const char *home, char *note_out)
{
    int folder = open(home, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    bool done = folder >= 0 && fstat(folder, &st) == 0
                && fchmod(folder,
                          st.st_mode & 07777 & ~((~st.st_mode & S_IRWXO) << 3))
                       == 0;

    if (!done)
        (void) say(note_out, home, strerror(errno));
    if (folder >= 0)
        (void) close(folder);
    return done;
}

static bool
make(const struct act *act, const struct plan_action *action, char *note_out)
{
    const struct settings *settings = act->settings;
    char uid[UID_SIZE];

    clear_home(action->home);
    /* No group of the person's own, no password, no ageing, whatever
     * login.defs says; no entry for the last login, which is a sparse file. */
    return tool(note_out, "/usr/sbin/useradd", "-N", "-m", "-l", "-g",
                settings->local_group, "-u", uid_text(action->uid, uid), "-d",
                action->home, "-s", settings->shell, "-c", action->text, "-e",
                "", "-f", "-1", "-K", AGELESS, "-K", "PASS_MIN_DAYS=-1", "-K",
                "PASS_WARN_AGE=-1", "-K",
                settings->subids ? AGELESS : "SUB_UID_COUNT=0", "-K",
                settings->subids ? AGELESS : "SUB_GID_COUNT=0", "--",
                action->name, NULL)
           && close_home(action->home, note_out);
}

/* What a useradd that was ended may not have come to. */
static bool
take_over(const struct act *act, const struct plan_action *action,
          char *note_out)
{
    struct stat st;

    if (!tool(note_out, "/usr/sbin/usermod", "-g", act->settings->local_group,
              "-d", action->home, "-s", act->settings->shell, "-c",
              action->text, "-e", "", "-f", "-1", "--", action->name, NULL)
        || !tool(note_out, "/usr/bin/chage", "-M", "-1", "-m", "-1", "-W",
                 "-1", "--", action->name, NULL))
        return false;
    clear_home(action->home);
    return (stat(action->home, &st) == 0
            || tool(note_out, "/usr/sbin/mkhomedir_helper", action->name,
                    NULL))
           && close_home(action->home, note_out);
}

bool
act_end_all(const char *name, uid_t uid)
{
    char ignored[ACT_NOTE_SIZE];

    if (access(SYSTEMD, F_OK) == 0) {
        (void) tool(ignored, "/usr/bin/loginctl", "disable-linger", name,
                    NULL);
        (void) tool(ignored, "/usr/bin/loginctl", "terminate-user", name,
                    NULL);
    }
    return ending_of(uid);
}

/* The home stays, but is root's, and none of the person's who has the name
 * next. */
static bool
put_home_away(const struct plan_action *action, char *note_out)
{
    int folder = open(action->home,
                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    bool done;

    if (folder < 0)
        return errno == ENOENT || say(note_out, action->home, strerror(errno));
    done = fchown(folder, 0, 0) == 0 && fchmod(folder, 0700) == 0
           && renameat2(AT_FDCWD, action->home, AT_FDCWD, action->text,
                        RENAME_NOREPLACE)
                  == 0;
    if (!done)
        (void) say(note_out, action->home, strerror(errno));
    (void) close(folder);
    return done;
}

/* As the home: some distributions' useradd makes a mailbox. */
static bool
put_mail_away(const struct plan_action *action, char *note_out)
{
    static const char *const folders[] = {"/var/mail", "/var/spool/mail"};
    char from[128], to[192];

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        (void) snprintf(from, sizeof(from), "%s/%.32s", folders[i],
                        action->name);
        (void) snprintf(to, sizeof(to), "%s.gone-%lu", from,
                        (unsigned long) action->uid);
        if (rename(from, to) == 0 ? lchown(to, 0, 0) < 0 : errno != ENOENT)
            return say(note_out, from, strerror(errno));
    }
    return true;
}

/* What lies about under the name goes first, then the account. */
static bool
forget(const struct plan_action *action, char *note_out)
{
    char ignored[ACT_NOTE_SIZE];

    if (!keys_remove(action->name, note_out, ACT_NOTE_SIZE))
        return false;
    if (action->has_account) {
        if (access(SYSTEMD, F_OK) == 0)
            (void) tool(ignored, "/usr/bin/loginctl", "disable-linger",
                        action->name, NULL);
        if (access("/usr/bin/crontab", X_OK) == 0)
            (void) tool(ignored, "/usr/bin/crontab", "-r", "-u", action->name,
                        NULL);
        if (!tool(note_out, "/usr/sbin/userdel", "--", action->name, NULL))
            return false;
    }
    return put_mail_away(action, note_out)
           && (action->home == NULL || put_home_away(action, note_out));
}

/* ---- One action ---- */

/* What the state says once it is done; false: it says nothing of that. */
static bool
kind_after(enum plan_kind kind, enum state_kind *kind_out)
{
    switch (kind) {
    case PLAN_MAKE:
    case PLAN_TAKE_OVER:
    case PLAN_ADOPT:
    case PLAN_UNLOCK:
        *kind_out = STATE_PRESENT;
        return true;
    case PLAN_LOCK:
        *kind_out = STATE_LOCKED;
        return true;
    case PLAN_FORGET:
        *kind_out = STATE_FORGOTTEN;
        return true;
    default:
        return false;
    }
}

static bool
enter(const struct act *act, const struct plan_action *action,
      enum state_kind kind)
{
    struct state_entry *entry = state_of_sub(act->state, action->sub);

    if (entry != NULL && strcmp(entry->name, action->name) == 0
        && entry->uid == action->uid && entry->kind != STATE_FORGOTTEN) {
        entry->kind = kind;
        return true;
    }
    return state_put(act->state, action->name, action->sub, action->uid,
                     (int64_t) time(NULL), kind);
}

static bool
carry_out(const struct act *act, const struct plan_action *action,
          char *note_out)
{
    switch (action->kind) {
    case PLAN_KEYS:
        return keys_write(act->settings, action->name, action->text, note_out,
                          ACT_NOTE_SIZE);
    case PLAN_LEAVE:
        return tool(note_out, "/usr/bin/gpasswd", "-d", action->name, "--",
                    action->group, NULL);
    case PLAN_JOIN:
        return tool(note_out, "/usr/bin/gpasswd", "-a", action->name, "--",
                    action->group, NULL);
    case PLAN_LOCK:
        return tool(note_out, "/usr/sbin/usermod", "-e", LONG_PAST, "--",
                    action->name, NULL);
    case PLAN_MAKE_GROUP:
        return tool(note_out, "/usr/sbin/groupadd", "--", action->group, NULL);
    case PLAN_TAKE_OVER:
        return take_over(act, action, note_out);
    case PLAN_MAKE:
        return make(act, action, note_out);
    case PLAN_ADOPT:
        return true;
    case PLAN_UNLOCK:
        return tool(note_out, "/usr/sbin/usermod", "-e", "", "--",
                    action->name, NULL);
    case PLAN_FULL_NAME:
        return tool(note_out, "/usr/sbin/usermod", "-c", action->text, "--",
                    action->name, NULL);
    case PLAN_FORGET:
        return forget(action, note_out);
    }
    return say(note_out, "plan", "an action that nobody knows");
}

/* Before an account is made the disk knows whose it will be. */
static bool
announce(const struct act *act, const struct plan_action *actions,
         size_t count, char *error_out, size_t error_size)
{
    for (size_t i = 0; i < count && i < BATCH; i++)
        if (actions[i].kind == PLAN_MAKE
            && !enter(act, &actions[i], STATE_MAKING)) {
            (void) snprintf(error_out, error_size,
                            "%s cannot be entered in the state",
                            actions[i].name);
            return false;
        }
    return state_save(act->state, error_out, error_size);
}

bool
act_on(const struct act *act, const struct plan_action *actions, size_t count,
       size_t *failed_out, char *error_out, size_t error_size)
{
    size_t announced = 0, in_a_row = 0;
    enum state_kind kind;

    *failed_out = 0;
    for (size_t i = 0; i < count; i++) {
        char note[ACT_NOTE_SIZE] = "";
        bool done;

        if (actions[i].kind == PLAN_MAKE && i >= announced) {
            if (!announce(act, &actions[i], count - i, error_out, error_size))
                return false;
            announced = i + BATCH;
        }
        done = carry_out(act, &actions[i], note);
        if (done && kind_after(actions[i].kind, &kind)
            && !enter(act, &actions[i], kind))
            done = say(note, actions[i].name,
                       "cannot be entered in the state");
        act->tell(act->context, &actions[i], done, note);
        in_a_row = done ? 0 : in_a_row + 1;
        *failed_out += !done;
        if (in_a_row == ACT_FAILURES) {
            *failed_out += count - i - 1;
            break;
        }
    }
    return state_save(act->state, error_out, error_size);
}
