/*
 * Fuzz target: the module's end, all of it but the start of the process. The
 * input: thirteen bytes that choose what the host does, who is at it and what
 * goes wrong, then packets (packets.h) of a helper that lies. Packets go out
 * one by one as the module waits, those with EARLY at once with the one
 * before; an end is the end of that helper. A model of what went over the wire
 * says when the module may say yes.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/outcome.h"
#include "common/run_state.h"
#include "common/text.h"
#include "flows/talk.h"
#include "fuzz.h"
#include "packets.h"

/* connection.c waits with poll, and then the helper speaks. */
static int wait_for_helper(struct pollfd *pollers, nfds_t count, int timeout);
#define poll wait_for_helper
#include "module/connection.c"
#undef poll

#define EARLY 0x80
#define HEAD 13
#define ITEMS 16
#define DATA_MAX 4

int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc,
                        const char **argv);
int pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc,
                     const char **argv);
int pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc,
                     const char **argv);

/* The input. */
static struct {
    uint8_t options, operation, faults, answers[8], account, more;
    const uint8_t *at;
    size_t left;
} input;

/* ---- The helper, and what it said ---- */

static struct {
    int fd; /* -1: none */
    unsigned char id[WIRE_ID_SIZE];
    unsigned int kind;    /* of the last question */
    unsigned int answers; /* of the person, that arrived */
    unsigned int results;
    bool renewed; /* one of them was a new password */
    bool ready, go;
    bool good;   /* a well-formed OK */
    bool spoilt; /* something else than that may follow a yes */
    bool ended;
} said = {.fd = -1};

/* Takes what the module sent. */
static void
hear(void)
{
    static unsigned char bytes[PACKET_MAX];
    bool reset = false;
    ssize_t length;

    while (said.fd >= 0) {
        length = recv(said.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
        if (length < 0 && errno == ECONNRESET && !reset) {
            reset = true;
            continue;
        }
        if (length <= 0)
            return;
        MUST(length >= PACKET_HEAD && length <= WIRE_MAX
             && bytes[0] == WIRE_VERSION);
        if (bytes[1] == WIRE_START)
            memcpy(said.id, bytes + 2, WIRE_ID_SIZE);
        MUST(memcmp(said.id, bytes + 2, WIRE_ID_SIZE) == 0);
        MUST(bytes[1] >= WIRE_START && bytes[1] <= WIRE_GO);
        said.go |= bytes[1] == WIRE_GO;
        if (bytes[1] != WIRE_REPLY)
            continue;
        said.answers += said.kind != TALK_PERMIT;
        said.renewed |= said.kind == TALK_NEW_PASSWORD
                        && length > PACKET_HEAD + 2;
    }
}

/* status, three numbers and four lines, and nothing else. */
static bool
is_well_formed(const uint8_t *body, size_t length)
{
    size_t at = 13;

    for (int i = 0; i < 4; i++) {
        size_t text;

        if (at + 2 > length)
            return false;
        text = (size_t) body[at] << 8 | body[at + 1];
        at += 2 + text;
        if (text > TEXT_LINE_MAX || at > length
            || memchr(body + at - text, '\0', text) != NULL)
            return false;
    }
    return at == length;
}

static void
note(const struct packet *packet)
{
    uint8_t type = packet->how & (uint8_t) ~EARLY;

    said.spoilt |= type == 0 || said.results > 0;
    if (type == WIRE_ASK && packet->length > 0)
        said.kind = packet->body[0];
    if (type == WIRE_READY)
        said.ready = !said.spoilt;
    if (type == WIRE_RESULT) {
        said.spoilt |= said.ready && !said.go;
        said.results++;
        said.good = is_well_formed(packet->body, packet->length)
                    && packet->body[0] == STATUS_OK;
    }
}

/* The next packet with those that come early after it, or the end. */
static void
speak(void)
{
    static unsigned char bytes[PACKET_MAX];
    struct packet packet;
    size_t length;

    do {
        /* An empty packet reads as the end. */
        if (!packet_next(&input.at, &input.left, &packet)
            || (packet.how == 0 && packet.length == 0)) {
            said.ended = true;
            MUST(shutdown(said.fd, SHUT_WR) == 0);
            return;
        }
        note(&packet);
        packet.how &= (uint8_t) ~EARLY;
        /* No body but this one means none. */
        if (packet.length == 1 && packet.body[0] == 0xff)
            packet.length = 0;
        length = packet_write(&packet, said.id, bytes);
        (void) send(said.fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (input.left > 2 && (input.at[2] & EARLY) != 0
             && (input.at[0] | input.at[1]) != 0);
}

static int
wait_for_helper(struct pollfd *pollers, nfds_t count, int timeout)
{
    int ready = poll(pollers, count, 0);

    hear();
    if (ready != 0 || timeout == 0)
        return ready;
    if ((input.faults & 1) != 0) {
        input.faults &= (uint8_t) ~1;
        errno = EINTR;
        return -1;
    }
    MUST(!said.ended);
    speak();
    ready = poll(pollers, count, 0);
    MUST(ready == 1);
    return ready;
}

bool
helper_start(const char *path, struct helper *helper_out, char *error_out,
             size_t error_size)
{
    int pair[2];

    MUST(path[0] == '/' && said.fd < 0);
    memset(&said, 0, sizeof(said));
    said.fd = -1;
    (void) snprintf(error_out, error_size, "no process");
    if ((input.faults & 2) != 0)
        return false;
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0);
    said.fd = pair[0];
    helper_out->fd = pair[1];
    helper_out->birth = NULL;
    return true;
}

void
helper_why(const struct helper *helper, char *text_out, size_t size)
{
    MUST(helper->fd >= 0);
    (void) snprintf(text_out, size, "no words");
}

/* Nobody listens where connect.c looks. */
int
helper_lift(int fd)
{
    return fd;
}

void
helper_leave(struct helper *helper)
{
    if (helper->fd < 0)
        return;
    hear();
    MUST(close(helper->fd) == 0 && close(said.fd) == 0);
    helper->fd = said.fd = -1;
}

void
helper_end(struct helper *helper)
{
    helper_leave(helper);
}

/* ---- Stamps: a file of this process with a state from the input ---- */

int
run_state_open(const char *name)
{
    int fd;

    MUST(strncmp(name, "breaker-", 8) == 0);
    if ((input.faults & 4) == 0)
        return -1;
    fd = memfd_create("state", MFD_CLOEXEC);
    MUST(fd >= 0);
    MUST(write(fd, input.at, input.left < 40 ? input.left : 40) >= 0);
    return fd;
}

bool
run_state_lock(int fd)
{
    MUST(fd >= 0);
    return (input.faults & 8) == 0;
}

void
run_state_unlock(int fd)
{
    MUST(fd >= 0);
}

void
stamp_name(uid_t uid, char *out, size_t size)
{
    (void) snprintf(out, size, "code-%lu", (unsigned long) uid);
}

enum stamp
stamp_take(const char *name)
{
    static const enum stamp some[] = {STAMP_YES, STAMP_NO, STAMP_CANNOT,
                                      STAMP_YES};

    MUST(strncmp(name, "code-", 5) == 0);
    return some[input.account >> 6];
}

/* ---- libpam ---- */

struct pam_handle {
    char *items[ITEMS];
    struct {
        const char *name;
        void *data;
        void (*forget)(pam_handle_t *pamh, void *data, int error_status);
    } kept[DATA_MAX];
    unsigned int asked;
    char password[40]; /* by chance: the input cannot hold it */
    bool changed;      /* the user is another one than when it began */
};

int
pam_get_item(const pam_handle_t *pamh, int type, const void **item_out)
{
    *item_out = pamh->items[type];
    return PAM_SUCCESS;
}

int
pam_set_item(pam_handle_t *pamh, int type, const void *item)
{
    if ((input.faults & 16) != 0 && type == PAM_AUTHTOK)
        return PAM_BUF_ERR;
    free(pamh->items[type]);
    pamh->items[type] = item == NULL ? NULL : strdup(item);
    return PAM_SUCCESS;
}

int
pam_get_user(pam_handle_t *pamh, const char **user_out, const char *prompt)
{
    (void) prompt;
    *user_out = pamh->items[PAM_USER];
    return *user_out == NULL ? PAM_CONV_ERR : PAM_SUCCESS;
}

int
pam_set_data(pam_handle_t *pamh, const char *name, void *data,
             void (*forget)(pam_handle_t *pamh, void *data, int error_status))
{
    for (int i = 0; i < DATA_MAX; i++) {
        if (pamh->kept[i].name != NULL
            && strcmp(pamh->kept[i].name, name) != 0)
            continue;
        if (pamh->kept[i].name == NULL && data == NULL)
            return PAM_NO_MODULE_DATA;
        if (pamh->kept[i].forget != NULL)
            pamh->kept[i].forget(pamh, pamh->kept[i].data, PAM_DATA_REPLACE);
        pamh->kept[i].name = name;
        pamh->kept[i].data = data;
        pamh->kept[i].forget = forget;
        return PAM_SUCCESS;
    }
    abort();
}

int
pam_get_data(const pam_handle_t *pamh, const char *name, const void **data_out)
{
    for (int i = 0; i < DATA_MAX; i++) {
        if (pamh->kept[i].name != NULL
            && strcmp(pamh->kept[i].name, name) == 0) {
            *data_out = pamh->kept[i].data;
            return PAM_SUCCESS;
        }
    }
    return PAM_NO_MODULE_DATA;
}

/* What the person does at the next question. */
static int
answer(pam_handle_t *pamh, char **reply_out)
{
    static char long_one[PAM_MAX_RESP_SIZE + 2];
    uint8_t choice = input.answers[pamh->asked++ % sizeof(input.answers)];

    *reply_out = NULL;
    switch (choice % 16) {
    case 8:
        return PAM_CONV_ERR;
    case 9:
        return PAM_SUCCESS;
    case 10:
        *reply_out = strdup("");
        break;
    case 11:
        *reply_out = strdup("\b\n\r\177INCORRECT");
        break;
    case 12:
        memset(long_one, 'x', sizeof(long_one) - 1);
        *reply_out = strdup(long_one);
        break;
    case 13:
        *reply_out = strdup("123456");
        break;
    case 14:
        pamh->changed |= strcmp(pamh->items[PAM_USER], "bob") != 0;
        free(pamh->items[PAM_USER]);
        pamh->items[PAM_USER] = strdup("bob");
        *reply_out = strdup(pamh->password);
        break;
    case 15:
        return PAM_BUF_ERR;
    default:
        *reply_out = strdup(pamh->password);
    }
    return PAM_SUCCESS;
}

/* The module's own text or the helper's: one line that can be shown. */
static void
check_line(const char *text, size_t max)
{
    MUST(strlen(text) <= max && text_is_utf8(text, strlen(text), NULL));
    for (; *text != '\0'; text++)
        MUST((unsigned char) *text >= ' ' && *text != 0x7f);
}

int
pam_prompt(pam_handle_t *pamh, int style, char **reply_out, const char *format,
           ...)
{
    static char text[2 * WIRE_MAX];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (format[0] == '\n')
        MUST(text_is_block(text + 1));
    else
        check_line(text, TEXT_LINE_MAX);
    if (style == PAM_PROMPT_ECHO_OFF || style == PAM_PROMPT_ECHO_ON)
        return answer(pamh, reply_out);
    MUST((input.options & 1) == 0);
    return PAM_SUCCESS;
}

int
pam_get_authtok(pam_handle_t *pamh, int type, const char **authtok_out,
                const char *prompt)
{
    char *reply = NULL;
    int code = PAM_SUCCESS;

    check_line(prompt, TEXT_LINE_MAX);
    if (pamh->items[type] == NULL) {
        code = answer(pamh, &reply);
        pamh->items[type] = reply;
    }
    *authtok_out = pamh->items[type];
    return code == PAM_SUCCESS && *authtok_out == NULL ? PAM_CONV_ERR : code;
}

int
pam_fail_delay(pam_handle_t *pamh, unsigned int microseconds)
{
    (void) pamh;
    MUST(microseconds > 0);
    return PAM_SUCCESS;
}

void
pam_syslog(const pam_handle_t *pamh, int priority, const char *format, ...)
{
    static char text[4 * WIRE_MAX];
    va_list arguments;

    MUST(priority >= LOG_ERR && priority <= LOG_DEBUG);
    va_start(arguments, format);
    (void) vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    check_line(text, 1024);
    MUST(strstr(text, pamh->password) == NULL);
}

int
getpwnam_r(const char *name, struct passwd *account, char *memory, size_t size,
           struct passwd **found)
{
    *found = NULL;
    if ((input.account & 32) != 0)
        return ECONNREFUSED;
    if ((input.account & 2) != 0)
        return 0;
    (void) snprintf(memory, size, "%s", name);
    *account = (struct passwd){.pw_name = memory, .pw_gid = 2001};
    account->pw_uid = (input.account & 1) == 0 ? 2001 : getuid();
    *found = account;
    return 0;
}

int
getgrnam_r(const char *name, struct group *group, char *memory, size_t size,
           struct group **found)
{
    (void) name;
    (void) group;
    (void) memory;
    (void) size;
    *found = NULL;
    return 0;
}

static void
end(pam_handle_t *pamh)
{
    int status = (input.more & 1) == 0 ? 0 : (int) PAM_DATA_SILENT;

    for (int i = 0; i < DATA_MAX; i++)
        if (pamh->kept[i].forget != NULL)
            pamh->kept[i].forget(pamh, pamh->kept[i].data, status);
    for (int i = 0; i < ITEMS; i++)
        free(pamh->items[i]);
}

/* ---- The host ---- */

/* A yes is one that the helper said in the right way at the right time. */
static void
check_verdict(const pam_handle_t *pamh, bool change)
{
    MUST(said.results == 1 && said.good && !said.spoilt && said.ended);
    MUST(said.answers > 0 && !pamh->changed && (input.account & 34) == 0);
    MUST(!change || (said.ready && said.go && said.renewed));
}

static int
change(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    int code;

    pamh->changed = false;
    code = pam_sm_chauthtok(pamh, flags | PAM_PRELIM_CHECK, argc, argv);
    if (code != PAM_SUCCESS)
        return code;
    /* What comes together with READY is found in the next pass. */
    MUST(said.ready && said.answers > 0 && !said.go && !pamh->changed);
    if ((input.more & 2) != 0)
        return PAM_AUTHTOK_ERR;
    code = pam_sm_chauthtok(pamh, flags | PAM_UPDATE_AUTHTOK, argc, argv);
    if (code == PAM_SUCCESS)
        check_verdict(pamh, true);
    return code;
}

static void
act(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
    unsigned char id[WIRE_ID_SIZE];
    int code, fd = said.fd;

    /* Nothing of an earlier one counts, but it may still be there. */
    memcpy(id, said.id, sizeof(id));
    memset(&said, 0, sizeof(said));
    memcpy(said.id, id, sizeof(id));
    said.fd = fd;
    switch (input.operation % 4) {
    case 0:
        (void) change(pamh, flags, argc, argv);
        return;
    case 1:
        MUST(pam_sm_chauthtok(pamh, flags | PAM_UPDATE_AUTHTOK, argc, argv)
             != PAM_SUCCESS);
        return;
    default:
        pamh->changed = false;
        code = pam_sm_authenticate(pamh, flags, argc, argv);
        MUST(said.fd < 0);
        if (code == PAM_SUCCESS)
            check_verdict(pamh, false);
        /* Signed in just now, and nobody else. */
        MUST(pam_sm_acct_mgmt(pamh, flags, argc, argv) != PAM_SUCCESS
             || code == PAM_SUCCESS);
        if (input.operation % 4 == 3)
            (void) change(pamh, flags | PAM_CHANGE_EXPIRED_AUTHTOK, argc,
                          argv);
    }
}

static int
lowest_free(void)
{
    int fd = dup(STDERR_FILENO);

    MUST(fd >= 0 && close(fd) == 0);
    return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const options[]
        = {"debug",      "try_first_pass", "use_first_pass", "use_authtok",
           "warm_up=no", "prompt=Word: ",  "no_warn"};
    const char *arguments[8] = {"helper=/bin/true"};
    pam_handle_t handle = {0};
    int argc = 1, flags, fd = lowest_free();
    unsigned char chance[16];

    if (size < HEAD)
        return 0;
    memcpy(&input, data, HEAD);
    input.at = data + HEAD;
    input.left = size - HEAD;
    memset(&said, 0, sizeof(said));
    said.fd = -1;
    for (int i = 0; i < 7; i++)
        if ((input.options & (2 << i)) != 0)
            arguments[argc++] = options[i];
    MUST(getrandom(chance, sizeof(chance), 0) == (ssize_t) sizeof(chance));
    for (size_t i = 0; i < sizeof(chance); i++)
        (void) snprintf(handle.password + 2 * i, 3, "%02x", chance[i]);
    handle.items[PAM_USER] = strdup("alice");
    handle.items[PAM_SERVICE] = strdup((input.account & 4) == 0 ? "sshd"
                                                                : "login");
    if ((input.account & 8) != 0)
        handle.items[PAM_AUTHTOK] = strdup(handle.password);
    flags = (input.options & 1) == 0 ? 0 : (int) PAM_SILENT;
    act(&handle, flags, argc, arguments);
    if ((input.account & 16) != 0)
        act(&handle, flags, argc, arguments);
    end(&handle);
    /* A handle that ends in a copy of the process leaves its own alone. */
    MUST(said.fd < 0 && lowest_free() == fd);
    return 0;
}
