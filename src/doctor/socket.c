/*
 * The helper on a socket in check: is there one, is it root's, is it needed by
 * the service's host, and would it take what that host asks.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "doctor/check.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"
#include "doctor/places.h"

#define NEEDED "pam_cognito.socket"
#define CONNECT_MS 2000 /* for a place in its queue */
#define AGAIN_MS 20
#define HELPER_UNIT "pam_cognito@.service"
#define SECTION_MAX 64 /* bytes of a service's name that are shown */
#define ENABLE "systemctl enable --now " NEEDED

/* ---- What is there ---- */

int
check_socket_connect(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int64_t limit = clock_ms() + CONNECT_MS;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error;

    (void) snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
    while (fd >= 0
           && connect(fd, (const struct sockaddr *) &name, sizeof(name)) < 0) {
        if ((errno == EAGAIN || errno == EINTR) && clock_ms() < limit) {
            (void) poll(NULL, 0, AGAIN_MS);
            continue;
        }
        error = errno;
        (void) close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Who began to listen there. */
static void
take_listener(struct check *check, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        check->socket.error = errno;
        return;
    }
    check->socket.uid = peer.uid;
    check->socket.state = peer.uid == 0 ? CHECK_SOCKET_OPEN
                                        : CHECK_SOCKET_FOREIGN;
}

static void
find_state(struct check *check)
{
    int fd = check_as_host(check, check_socket_connect, places.socket);

    check->socket.state = CHECK_SOCKET_UNKNOWN;
    check->socket.error = fd < 0 ? errno : 0;
    if (fd >= 0) {
        take_listener(check, fd);
        (void) close(fd);
        return;
    }
    switch (check->socket.error) {
    case ENOENT:
    case ENOTDIR:
        check->socket.state = CHECK_SOCKET_OFF;
        break;
    case ECONNREFUSED:
        check->socket.state = CHECK_SOCKET_DEAD;
        break;
    case EACCES:
        /* That somebody else may not is nothing about the host. */
        if (geteuid() == 0 || geteuid() == check->host.uid)
            check->socket.state = CHECK_SOCKET_CLOSED;
        break;
    default:
        break;
    }
}

/* Is there such a file in one of the folders? */
static bool
is_unit(const char *pattern)
{
    char path[512];
    bool found = false;

    for (size_t i = 0; !found && i < PLACES_UNITS; i++) {
        glob_t list;

        (void) snprintf(path, sizeof(path), "%s/%s", places.units[i], pattern);
        found = glob(path, 0, NULL, &list) == 0;
        globfree(&list);
    }
    return found;
}

/* A link to nothing takes a unit away. */
static bool
is_masked(const char *unit)
{
    char path[512], target[16];
    ssize_t length;

    for (size_t i = 0; i < PLACES_UNITS; i++) {
        (void) snprintf(path, sizeof(path), "%s/%s", places.units[i], unit);
        length = readlink(path, target, sizeof(target));
        if (length == (ssize_t) strlen("/dev/null")
            && memcmp(target, "/dev/null", (size_t) length) == 0)
            return true;
    }
    return false;
}

static void
find_units(struct check *check)
{
    check->socket.systemd = access(places.systemd, F_OK) == 0;
    check->socket.masked = is_masked(NEEDED);
    check->socket.helper_masked = is_masked(HELPER_UNIT);
    check->socket.installed = is_unit(NEEDED) && is_unit(HELPER_UNIT);
    check->socket.enabled = is_unit("*.wants/" NEEDED)
                            || is_unit("*.requires/" NEEDED);
}

/* The setting of its unit that is in the way of a helper of its own. */
static const char *
sandbox_of(const struct check *check)
{
    if (check->host.uid == 0 && check->facts.identity != NULL)
        return check->facts.identity;
    return check->facts.network;
}

/* As the module decides it (src/module/connection.c). */
static void
find_use(struct check *check)
{
    bool personal = check->host.uid != 0;
    const char *start = "auto";

    if (check->module != NULL) {
        start = config_text(check->module, KEY_START);
        check->socket.personal
            = personal
              && (config_is_set(check->module, KEY_CONFIG)
                  || config_is_set(check->module, KEY_HELPER));
    }
    check->socket.needed = personal || sandbox_of(check) != NULL;
    check->socket.only = strcmp(start, "socket") == 0;
    check->socket.never = strcmp(start, "direct") == 0;
    check->socket.used = check->module != NULL
                         && check->host.account == LOOKUP_FOUND
                         && check->socket.state != CHECK_SOCKET_OFF
                         && check->socket.state != CHECK_SOCKET_DEAD
                         && (check->socket.only
                             || (check->socket.needed && !check->socket.never
                                 && !check->socket.personal));
}

void
check_socket_find(struct check *check)
{
    find_state(check);
    find_units(check);
    find_use(check);
    /* The helper there is root's, and root's files alone count. */
    if (check->socket.used && geteuid() == 0)
        check->trust.owner = 0;
}

/* ---- What to do ---- */

/* To have somebody listen. */
static const char *
way_to_open(const struct check *check)
{
    if (!check->socket.systemd)
        return "systemd does not run here, which would start the helper; in a "
               "container mount the machine's /run/pam_cognito.sock and "
               "/etc/security/pam_cognito.conf, see docs/hosts.md";
    if (check->socket.masked)
        return "systemctl unmask " NEEDED "\n" ENABLE;
    if (check->socket.helper_masked)
        return "systemctl unmask " HELPER_UNIT "\n" ENABLE;
    if (!check->socket.installed)
        return "install pam_cognito.socket and pam_cognito@.service (make "
               "install puts them into systemd's folder for units)\n"
               "systemctl daemon-reload\n" ENABLE;
    if (check->socket.enabled)
        return "systemctl restart " NEEDED "\nsystemctl status " NEEDED;
    return ENABLE;
}

/* Whose the steps behind it are. */
static const char *
by_root(void)
{
    return geteuid() == 0 ? "" : "as root:\n";
}

/* Where start=direct stands. */
static const char *
place_of_start(const struct check *check, char out[CHECK_BRIEF_MAX])
{
    const char *where = config_where(check->module, KEY_START);

    if (strstr(where, "argument") == NULL)
        (void) snprintf(out, CHECK_BRIEF_MAX, "%s", where);
    else if (check->line == NULL)
        (void) snprintf(out, CHECK_BRIEF_MAX, "the PAM line");
    else
        (void) snprintf(out, CHECK_BRIEF_MAX, "%.120s, line %u,",
                        check->line->file, check->line->number);
    return out;
}

const char *
check_socket_cure(const struct check *check, char out[CHECK_CURE_MAX])
{
    bool open = check->socket.state == CHECK_SOCKET_OPEN;
    char place[CHECK_BRIEF_MAX];

    if (check->socket.never)
        (void) snprintf(out, CHECK_CURE_MAX,
                        "%sin %s take out  start=direct%s%s", by_root(),
                        place_of_start(check, place), open ? "" : "\n",
                        open ? "" : way_to_open(check));
    else if (check->socket.personal)
        (void) snprintf(
            out, CHECK_CURE_MAX,
            "%stake config= and helper= off this service's line and put its "
            "settings into the section [%.*s] of " PAM_COGNITO_CONF "%s%s",
            by_root(), SECTION_MAX, check->service, open ? "" : "\n",
            open ? "" : way_to_open(check));
    else
        (void) snprintf(out, CHECK_CURE_MAX, "%s%s", by_root(),
                        way_to_open(check));
    return out;
}

/* ---- What the helper there would refuse ---- */

static bool
check_arguments(struct check *check)
{
    char names[CONFIG_VALUE_MAX / 4], fix[CHECK_CURE_MAX];

    if (config_bound_arguments(check->argument_count, check->arguments, names,
                               sizeof(names))
        == 0)
        return true;
    (void) snprintf(fix, sizeof(fix),
                    "take them off the line of %.*s and put them into the "
                    "section [%.*s] of " PAM_COGNITO_CONF
                    ", which the helper reads by itself",
                    SECTION_MAX, check->service, SECTION_MAX, check->service);
    check_add(check, CHECK_PROBLEM, FINDING_SOCKET_ARGUMENTS, fix,
              "module arguments that are the helper's are refused on the "
              "socket: %.300s",
              names);
    return false;
}

/* The helper asks the file whom it may be asked about, not the line. */
static void
check_limits(struct check *check)
{
    static const enum config_key keys[]
        = {KEY_ONLY_GROUP,     KEY_ONLY_USERS,     KEY_MINIMUM_UID,
           KEY_ALLOW_SERVICES, KEY_USERNAME_CLASS, KEY_LOCAL_ACCOUNT};
    struct config *file = config_load(CONFIG_MODULE, 0, NULL, check->service,
                                      &check->trust);
    char fix[CHECK_CURE_MAX];

    for (size_t i = 0; file != NULL && i < sizeof(keys) / sizeof(keys[0]);
         i++) {
        const char *theirs = config_text(file, keys[i]);

        if (!config_is_argument(check->module, keys[i])
            || (theirs != NULL
                && strcmp(theirs, config_text(check->module, keys[i])) == 0))
            continue;
        (void) snprintf(fix, sizeof(fix),
                        "write %s into the section [%.*s] of " PAM_COGNITO_CONF
                        " as it is on the line",
                        config_entry(keys[i])->name, SECTION_MAX,
                        check->service);
        check_add(check, CHECK_WARNING, FINDING_SOCKET_SETTINGS, fix,
                  "%s stands on the PAM line and not so in the file: the "
                  "helper on the socket looks at the file only",
                  config_entry(keys[i])->name);
    }
    config_free(file);
}

/* What was meant by a name that nobody has. */
static const char *
fix_of_name(const char *word)
{
    if (strpbrk(word, " \t") != NULL)
        return "put commas between the names";
    if (word[strspn(word, "0123456789")] == '\0')
        return "uids end at 4294967294";
    if (check_is_group(word))
        return "that is a group: name the user as whom the program runs";
    return "correct it there, or make the account";
}

/* Is that the host's user? Says so where it is nobody. */
static bool
is_host(struct check *check, const char *word)
{
    const char *shown = config_is_plain_name(word) ? word
                                                   : "a name (not shown)";
    struct passwd account;
    char *memory = NULL;
    enum lookup lookup;
    bool same;
    uid_t uid;

    if (config_is_uid(word, &uid))
        return uid == check->host.uid;
    /* Made when it is started. */
    if (check->facts.dynamic && strcmp(word, check->facts.user) == 0)
        return true;
    lookup = lookup_account(word, &account, &memory);
    same = lookup == LOOKUP_FOUND && account.pw_uid == check->host.uid;
    if (lookup == LOOKUP_NONE)
        check_add(check, CHECK_WARNING, FINDING_SOCKET_TRUSTED_UNKNOWN,
                  fix_of_name(word),
                  "trusted_users: %.64s is no user of this machine", shown);
    else if (lookup == LOOKUP_FAILED)
        check_add(check, CHECK_WARNING, FINDING_SOCKET_TRUSTED_LOOKUP,
                  "mend the name service (passwd: in /etc/nsswitch.conf)",
                  "trusted_users: %.64s could not be looked up: %s", shown,
                  strerror(errno));
    free(memory);
    return same;
}

/* Does the host ask about others? A locker does not; of a program that is not
 * known the user that was named tells. */
static bool
is_for_others(const struct check *check)
{
    struct passwd account;
    char *memory = NULL;
    bool others;

    if (check->host.uid == 0 || check->facts.person)
        return false;
    if (check->facts.known)
        return true;
    others = check->user != NULL
             && (lookup_account(check->user, &account, &memory) != LOOKUP_FOUND
                 || account.pw_uid != check->host.uid);
    free(memory);
    return others;
}

static bool
check_trusted(struct check *check)
{
    char word[CONFIG_VALUE_MAX], fix[CHECK_CURE_MAX];
    size_t position = 0;
    bool trusted = false;

    /* What it says is not known, and its fault is told. */
    if (check->setup.config != NULL
        && !config_is_known(check->setup.config, KEY_TRUSTED_USERS))
        return false;
    while (check->setup.config != NULL
           && config_list_next(check->setup.config, KEY_TRUSTED_USERS,
                               &position, word))
        trusted = is_host(check, word) || trusted;
    if (trusted || check->setup.config == NULL || !is_for_others(check))
        return true;
    (void) snprintf(fix, sizeof(fix),
                    "in the section [%.*s] of " PAM_COGNITO_CONF
                    ": trusted_users = %s",
                    SECTION_MAX, check->service, check_host_name(check));
    check_add(check, CHECK_PROBLEM, FINDING_SOCKET_NOT_TRUSTED, fix,
              "%s signs others in, and trusted_users does not name %s, as "
              "whom it runs: on the socket it may ask about itself only",
              check->service, check_host_name(check));
    return false;
}

/* ---- Verdicts ---- */

/* The module connects there, and believes nobody but root. */
static bool
check_listener(struct check *check, enum check_level level)
{
    char fix[CHECK_CURE_MAX];

    switch (check->socket.state) {
    case CHECK_SOCKET_OPEN:
        return true;
    case CHECK_SOCKET_FOREIGN:
        (void) snprintf(fix, sizeof(fix),
                        "find out who that is, and end it\nss -xlp\nrm "
                        "%s\n%s",
                        places.socket, way_to_open(check));
        check_add(check, level, FINDING_SOCKET_NOT_ROOTS, fix,
                  "uid %lu listens at %s, not root%s: hosts that look there "
                  "let nobody in",
                  (unsigned long) check->socket.uid, places.socket,
                  check->socket.uid == 65534
                      ? " (or a user namespace hides who it is)"
                      : "");
        break;
    case CHECK_SOCKET_CLOSED:
        (void) snprintf(
            fix, sizeof(fix),
            "systemctl edit " NEEDED ": SocketMode= and "
            "SocketGroup= must let %s in; then systemctl restart " NEEDED,
            check_host_name(check));
        check_add(check, CHECK_PROBLEM, FINDING_SOCKET_CLOSED, fix,
                  "%s, as whom %s runs, may not connect to %s",
                  check_host_name(check), check->service, places.socket);
        break;
    case CHECK_SOCKET_UNKNOWN:
        if (geteuid() != 0 && geteuid() != check->host.uid) {
            check_leave_out(check, FINDING_SOCKET_ROOT_ONLY,
                            "whether its host may connect to the "
                            "socket, which this user may not");
            break;
        }
        check_add(check, CHECK_PROBLEM, FINDING_SOCKET_NO_CONNECTION,
                  "systemctl status " NEEDED "; what else stands in its place "
                  "must be removed",
                  "no connection to %s: %s", places.socket,
                  strerror(check->socket.error));
        break;
    case CHECK_SOCKET_OFF:
    case CHECK_SOCKET_DEAD:
        break;
    }
    return false;
}

static void
check_used(struct check *check)
{
    bool good = check_listener(check, CHECK_PROBLEM);

    if (check->module == NULL || config_status(check->module) != STATUS_OK)
        return;
    good = check_arguments(check) && good;
    check_limits(check);
    good = check_trusted(check) && good;
    if (!good)
        return;
    check_add(check, CHECK_OK, FINDING_SOCKET_USED, NULL,
              "%s, as %s%s%s, gets its helper from %s%s", check->service,
              check_host_name(check),
              sandbox_of(check) != NULL ? " with " : "",
              sandbox_of(check) != NULL ? sandbox_of(check) : "",
              places.socket,
              is_for_others(check) ? " and may ask about others" : "");
    if (check->socket.systemd && check->socket.installed
        && !check->socket.enabled)
        check_add(check, CHECK_WARNING, FINDING_SOCKET_NOT_ENABLED, ENABLE,
                  "systemd does not begin it at the next start of this "
                  "machine");
}

static const char *
words_of_state(const struct check *check)
{
    switch (check->socket.state) {
    case CHECK_SOCKET_OFF:
        return "off";
    case CHECK_SOCKET_DEAD:
        return "off, nobody listens";
    case CHECK_SOCKET_FOREIGN:
        return "not root's";
    case CHECK_SOCKET_OPEN:
        return "on";
    case CHECK_SOCKET_CLOSED:
    case CHECK_SOCKET_UNKNOWN:
        break;
    }
    return "not reached from here";
}

/* The host has its helper by itself, well or badly. */
static void
check_unused(struct check *check)
{
    const char *state = words_of_state(check);
    char fix[CHECK_CURE_MAX];

    if (check->socket.only)
        check_add(check, CHECK_PROBLEM, FINDING_SOCKET_NOBODY,
                  check_socket_cure(check, fix),
                  "start=socket, and nobody listens at %s: everybody is "
                  "refused there",
                  places.socket);
    else if (sandbox_of(check) != NULL)
        check_add(check, CHECK_PROBLEM, FINDING_SOCKET_NEEDED,
                  check_socket_cure(check, fix),
                  "%s of %s's unit does not let a helper be started there, "
                  "or lets it reach nothing, and %s",
                  sandbox_of(check), check->service,
                  check->socket.never ? "start=direct leaves the socket out"
                  : check->socket.personal
                      ? "config= or helper= leaves the socket out"
                      : "nobody listens on the socket");
    else if (check->socket.missed)
        return; /* told already, with what helps */
    else if (check->socket.state == CHECK_SOCKET_FOREIGN)
        (void) check_listener(check, CHECK_WARNING);
    else if (check->socket.never)
        check_add(check, CHECK_OK, FINDING_SOCKET_NEVER, NULL,
                  "%s; start=direct: not used", state);
    else if (check->socket.personal)
        check_add(check, CHECK_OK, FINDING_SOCKET_LEFT_OUT, NULL,
                  "%s; not used, for %s has config= or helper= on its line",
                  state, check->service);
    else if (check->socket.needed)
        check_add(check, CHECK_OK, FINDING_SOCKET_OWN_HELPER, NULL,
                  "%s; %s starts its own helper", state, check->service);
    else
        check_add(check, CHECK_OK, FINDING_SOCKET_NOT_NEEDED, NULL,
                  "%s; %s does not need it", state, check->service);
}

/* ---- Programs that were not asked about ---- */

/* Our line in an auth phase, where it is read from. */
static const char *
find_file(const struct pam_stack *stack, bool included)
{
    for (size_t i = 0; i < stack->count; i++)
        if (stack->lines[i].phase == PAM_PHASE_AUTH
            && (stack->lines[i].included || !included)
            && pam_line_is(&stack->lines[i], CHECK_MODULE))
            return stack->lines[i].file;
    return NULL;
}

/*
 * A file with our line that other services include, too: one that this service
 * includes, or those that distributions have screen lockers include.
 */
static bool
find_shared(const struct check *check, char *path_out, size_t size)
{
    static const char *const names[] = {"common-auth", "system-auth"};
    const char *file = find_file(&check->stack, true);
    struct pam_stack stack;

    if (file != NULL)
        (void) snprintf(path_out, size, "%s", file);
    for (size_t i = 0; file == NULL && i < sizeof(names) / sizeof(names[0]);
         i++) {
        stack = (struct pam_stack){0};
        (void) pam_stack_read(&stack, places.pam, names[i]);
        file = find_file(&stack, false);
        if (file != NULL)
            (void) snprintf(path_out, size, "%s", file);
        pam_stack_free(&stack);
    }
    return file != NULL;
}

/* The file with the secret, which is refused where others may read it. */
static const char *
find_secret(const struct check *check)
{
    const struct config *config = check->setup.config;

    if (config != NULL && config_is_set(config, KEY_CLIENT_SECRET_FILE))
        return config_text(config, KEY_CLIENT_SECRET_FILE);
    if (check->module != NULL && config != NULL
        && config_is_set(config, KEY_CLIENT_SECRET))
        return config_text(check->module, KEY_CONFIG);
    return NULL;
}

/*
 * A screen locker that comes to our line runs as a person who cannot read the
 * secret: only the socket helps. Told where systemd could have it on.
 */
static bool
check_others(struct check *check)
{
    const char *secret = find_secret(check);
    char path[256], fix[CHECK_CURE_MAX];

    if (!check->socket.systemd || check->socket.missed || secret == NULL
        || (check->socket.state != CHECK_SOCKET_OFF
            && check->socket.state != CHECK_SOCKET_DEAD)
        || !find_shared(check, path, sizeof(path)))
        return true;
    (void) snprintf(fix, sizeof(fix), "%s%s", by_root(), way_to_open(check));
    check_add(check, CHECK_PROBLEM, FINDING_SOCKET_LOCKERS, fix,
              "%s, and %s has our line for each service that includes it: "
              "programs that are not root, such as screen lockers, cannot "
              "read %s and let no member in",
              words_of_state(check), path, secret);
    return false;
}

/* Or is it taken for root's because nothing is known of it? */
static bool
is_known(const struct check *check)
{
    return check->facts.known && !check->facts.absent;
}

void
check_socket(struct check *check)
{
    /* What keeps this service's own host out is told first, and alone. */
    if (!check->socket.only && sandbox_of(check) == NULL
        && !check_others(check))
        return;
    if (check->host.account != LOOKUP_FOUND || check->module == NULL
        || (check->host.uid == 0 && !is_known(check)))
        check_add(check, CHECK_OK, FINDING_SOCKET_UNKNOWN, NULL,
                  "%s; whether %s needs it is not known",
                  words_of_state(check), check->service);
    else if (check->socket.used)
        check_used(check);
    else
        check_unused(check);
}
