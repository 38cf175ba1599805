/*
 * A helper that misbehaves on request: user_pool_id=fake:WORD among the
 * module's arguments chooses how. Only "good" and its relatives may ever let
 * anybody in. A copy of the program whose name ends in "-early" speaks before
 * it has read the request.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/secret.h"
#include "common/status.h"
#include "common/wire.h"
#include "flows/talk.h"

#define PASSWORD "open-sesame"
#define HEADER_SIZE (2 + WIRE_ID_SIZE)

/* The environment is empty: a build with AddressSanitizer asks here. The leak
 * checker would start a process of its own. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}

static struct wire *wire;
static unsigned char id[WIRE_ID_SIZE];
static char user[256];
static unsigned int start_flags;

/* ---- Well-formed messages ---- */

static void
send_ask(unsigned int kind, const char *prompt)
{
    wire_begin(wire, WIRE_ASK, id);
    wire_put_byte(wire, kind);
    wire_put_text(wire, prompt);
    if (wire_send(wire, WIRE_FD) != WIRE_OK)
        _exit(9);
}

/* Waits for the answer; is it the right password? */
static bool
receive_reply(void)
{
    unsigned char theirs[WIRE_ID_SIZE];
    struct secret answer = {0};
    enum wire_type type;
    bool right;

    if (wire_receive(wire, WIRE_FD, &type, theirs) != WIRE_OK
        || type != WIRE_REPLY || memcmp(theirs, id, sizeof(id)) != 0)
        _exit(8);
    wire_get_secret(wire, WIRE_MAX, &answer);
    right = wire_complete(wire) && strcmp(answer.data, PASSWORD) == 0;
    secret_free(&answer);
    return right;
}

static bool
ask_password(void)
{
    send_ask(TALK_PASSWORD, "Password: ");
    return receive_reply();
}

static void
put_result(unsigned int status, unsigned int flags, const char *note,
           const char *person)
{
    wire_begin(wire, WIRE_RESULT, id);
    wire_put_byte(wire, status);
    wire_put_number(wire, flags);
    wire_put_number(wire, 0);
    wire_put_number(wire, 0);
    wire_put_text(wire, "");
    wire_put_text(wire, "");
    wire_put_text(wire, note);
    wire_put_text(wire, person);
}

static void
send_result(unsigned int status)
{
    put_result(status, 0, "", "");
    (void) wire_send(wire, WIRE_FD);
}

static void
send_line(enum wire_type type, unsigned int level, const char *text)
{
    wire_begin(wire, type, id);
    wire_put_byte(wire, level);
    wire_put_text(wire, text);
    if (wire_send(wire, WIRE_FD) != WIRE_OK)
        _exit(9);
}

/* Says nothing more, until the module is gone. */
static void
hang(void)
{
    struct pollfd gone = {.fd = WIRE_FD};

    (void) poll(&gone, 1, -1);
    _exit(7);
}

/* ---- Bytes put together by hand ---- */

static size_t
raw_head(unsigned char *bytes, unsigned int type)
{
    bytes[0] = WIRE_VERSION;
    bytes[1] = (unsigned char) type;
    memcpy(bytes + 2, id, sizeof(id));
    return HEADER_SIZE;
}

/* A RESULT that says yes: status, flags, http, ms, four empty texts. */
#define RESULT_SIZE (1 + 4 + 4 + 4 + 4 * 2)
static size_t
raw_result(unsigned char *bytes)
{
    size_t length = raw_head(bytes, WIRE_RESULT);

    memset(bytes + length, 0, RESULT_SIZE);
    bytes[length] = STATUS_OK;
    return length + RESULT_SIZE;
}

static void
raw_send(const void *bytes, size_t length)
{
    (void) send(WIRE_FD, bytes, length, MSG_NOSIGNAL);
}

/* ---- Behaviours ---- */

static void
good(void)
{
    send_result(ask_password() ? STATUS_OK : STATUS_WRONG_PASSWORD);
}

static void
good_noisy(void)
{
    send_line(WIRE_LOG, TALK_LOG_ERROR, "an error");
    send_line(WIRE_LOG, TALK_LOG_WARNING, "a warning");
    send_line(WIRE_LOG, TALK_LOG_NOTICE, "a notice");
    send_line(WIRE_LOG, TALK_LOG_DEBUG, "a detail");
    send_line(WIRE_TELL, TALK_INFO, "some information");
    send_line(WIRE_TELL, TALK_ERROR, "a complaint");
    good();
}

static void
good_slow(void)
{
    bool right = ask_password();

    (void) usleep(600000);
    send_result(right ? STATUS_OK : STATUS_WRONG_PASSWORD);
}

/* Two questions: the host has the password for the first one only. */
static void
good_twice(void)
{
    bool right = ask_password();

    send_ask(TALK_PASSWORD, "Again: ");
    right = receive_reply() && right;
    send_result(right ? STATUS_OK : STATUS_WRONG_PASSWORD);
}

static void
wrong_user(void)
{
    bool right = ask_password();

    put_result(right ? STATUS_OK : STATUS_WRONG_PASSWORD, 0,
               "signed in as root", "Welcome, root");
    (void) wire_send(wire, WIRE_FD);
}

static void
kinds(void)
{
    static const char *const prompts[] = {"One: ", "Two: ", "Three: ",
                                          "Four: ", "Five: ", "Six: "};

    for (unsigned int kind = TALK_PASSWORD; kind <= TALK_VISIBLE; kind++) {
        send_ask(kind, prompts[kind - 1]);
        (void) receive_reply();
    }
    send_result(STATUS_WRONG_CODE);
}

static void
quiet_exit(void)
{
}

static void
exit_after_ask(void)
{
    send_ask(TALK_PASSWORD, "Password: ");
}

static void
exit_after_reply(void)
{
    (void) ask_password();
}

static void
crash(void)
{
    (void) raise(SIGSEGV);
}

static void
crash_after_reply(void)
{
    (void) ask_password();
    (void) raise(SIGSEGV);
}

static void
killed_after_ask(void)
{
    send_ask(TALK_PASSWORD, "Password: ");
    (void) raise(SIGKILL);
}

static void
hang_after_reply(void)
{
    (void) ask_password();
    hang();
}

static void
stop(void)
{
    (void) raise(SIGSTOP);
}

static void
stop_after_reply(void)
{
    (void) ask_password();
    (void) raise(SIGSTOP);
}

static void
verdict_unasked(void)
{
    send_result(STATUS_OK);
}

static void
verdict_before_reply(void)
{
    send_ask(TALK_PASSWORD, "Password: ");
    send_result(STATUS_OK);
}

static void
wrong_id(void)
{
    (void) ask_password();
    id[0] ^= 1;
    send_result(STATUS_OK);
}

static void
wrong_id_ask(void)
{
    id[WIRE_ID_SIZE - 1] ^= 1;
    send_ask(TALK_PASSWORD, "Password: ");
    hang();
}

static void
wrong_version(void)
{
    unsigned char bytes[64];
    size_t length;

    (void) ask_password();
    length = raw_result(bytes);
    bytes[0] = WIRE_VERSION + 1;
    raw_send(bytes, length);
}

static void
truncated(void)
{
    unsigned char bytes[64];
    size_t length;

    (void) ask_password();
    length = raw_result(bytes);
    raw_send(bytes, length - 1);
}

static void
only_header(void)
{
    unsigned char bytes[64];

    (void) ask_password();
    raw_send(bytes, raw_head(bytes, WIRE_RESULT));
}

static void
half_header(void)
{
    unsigned char bytes[64];

    (void) ask_password();
    (void) raw_head(bytes, WIRE_RESULT);
    raw_send(bytes, 7);
}

static void
empty_packet(void)
{
    (void) ask_password();
    raw_send("", 0);
    send_result(STATUS_OK);
}

/* Says yes in its first bytes; what follows makes it too long. */
static void
oversize(void)
{
    static unsigned char bytes[WIRE_MAX + 1];

    (void) ask_password();
    (void) raw_result(bytes);
    raw_send(bytes, sizeof(bytes));
}

static void
trailing(void)
{
    unsigned char bytes[64];
    size_t length;

    (void) ask_password();
    length = raw_result(bytes);
    bytes[length++] = 0;
    raw_send(bytes, length);
}

static void
send_typed(unsigned int type)
{
    unsigned char bytes[64];
    size_t length;

    (void) ask_password();
    length = raw_result(bytes);
    bytes[1] = (unsigned char) type;
    raw_send(bytes, length);
}

static void
type_unknown(void)
{
    send_typed(99);
}

static void
type_start(void)
{
    send_typed(WIRE_START);
}

static void
type_reply(void)
{
    send_typed(WIRE_REPLY);
}

static void
type_block(void)
{
    send_typed(WIRE_BLOCK);
}

static void
two_results(void)
{
    (void) ask_password();
    send_result(STATUS_OK);
    send_result(STATUS_OK);
}

static void
result_then_ask(void)
{
    (void) ask_password();
    send_result(STATUS_OK);
    send_ask(TALK_PASSWORD, "Once more: ");
    hang();
}

static void
result_kept_open(void)
{
    (void) ask_password();
    send_result(STATUS_OK);
    hang();
}

static void
late(void)
{
    (void) ask_password();
    (void) usleep(1500000);
    send_result(STATUS_OK);
}

static void
status_past_end(void)
{
    (void) ask_password();
    send_result(STATUS_COUNT);
}

static void
status_255(void)
{
    (void) ask_password();
    send_result(255);
}

static void
flood_ask(void)
{
    for (;;) {
        send_ask(TALK_VISIBLE, "More: ");
        (void) receive_reply();
    }
}

static void
flood_log(void)
{
    for (;;)
        send_line(WIRE_LOG, TALK_LOG_NOTICE, "noise");
}

static void
flood_tell(void)
{
    for (;;)
        send_line(WIRE_TELL, TALK_INFO, "noise");
}

/* Something every 100 ms: the deadline must not move. */
static void
drip_log(void)
{
    (void) ask_password();
    for (;;) {
        send_line(WIRE_LOG, TALK_LOG_NOTICE, "still here");
        (void) usleep(100000);
    }
}

static void
nul_in_prompt(void)
{
    unsigned char bytes[64];
    size_t length = raw_head(bytes, WIRE_ASK);

    memcpy(bytes + length, "\001\000\007abc\000def", 10);
    raw_send(bytes, length + 10);
    (void) receive_reply();
}

static void
nul_in_result(void)
{
    unsigned char bytes[64];
    size_t length;

    (void) ask_password();
    length = raw_head(bytes, WIRE_RESULT);
    memcpy(bytes + length, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\003a\0b\0\0\0\0\0\0",
           24);
    bytes[length] = STATUS_OK;
    raw_send(bytes, length + 24);
}

static void
length_past_end(void)
{
    unsigned char bytes[64];
    size_t length = raw_head(bytes, WIRE_ASK);

    memcpy(bytes + length, "\001\377\377abc", 6);
    raw_send(bytes, length + 6);
    (void) receive_reply();
}

static void
kind_zero(void)
{
    send_ask(0, "What: ");
    (void) receive_reply();
    send_result(STATUS_OK);
}

static void
kind_nine(void)
{
    send_ask(9, "What: ");
    (void) receive_reply();
    send_result(STATUS_OK);
}

/* A question that nobody is asked is no proof of anything. */
static void
permit_only(void)
{
    send_ask(TALK_PERMIT, "");
    (void) receive_reply();
    send_result(STATUS_OK);
}

static void
send_ready(void)
{
    wire_begin(wire, WIRE_READY, id);
    (void) wire_send(wire, WIRE_FD);
}

static void
ready_for_nothing(void)
{
    (void) ask_password();
    send_ready();
    send_result(STATUS_OK);
}

static void
good_must_change(void)
{
    put_result(ask_password() ? STATUS_OK : STATUS_WRONG_PASSWORD,
               WIRE_MUST_CHANGE, "", "");
    (void) wire_send(wire, WIRE_FD);
}

/* What START said about this sign-in. */
static void
shows_first(void)
{
    send_line(WIRE_LOG, TALK_LOG_ERROR,
              (start_flags & WIRE_FIRST) != 0 ? "first" : "not first");
    send_result(ask_password() ? STATUS_OK : STATUS_WRONG_PASSWORD);
}

/* ---- Changes of a password ---- */

static void
await_go(void)
{
    unsigned char theirs[WIRE_ID_SIZE];
    enum wire_type type;

    if (wire_receive(wire, WIRE_FD, &type, theirs) != WIRE_OK
        || type != WIRE_GO || !wire_complete(wire))
        _exit(7);
}

static void
change(void)
{
    if (!ask_password()) {
        send_result(STATUS_WRONG_PASSWORD);
        return;
    }
    send_ready();
    await_go();
    send_ask(TALK_NEW_PASSWORD, "New password: ");
    (void) receive_reply();
    send_ask(TALK_NEW_AGAIN, "New password again: ");
    (void) receive_reply();
    send_result(STATUS_OK);
}

static void
change_done_at_once(void)
{
    (void) ask_password();
    send_result(STATUS_OK);
}

static void
change_ready_unproved(void)
{
    send_ready();
    await_go();
    send_result(STATUS_OK);
}

static void
change_to_nothing(void)
{
    (void) ask_password();
    send_ready();
    await_go();
    send_result(STATUS_OK);
}

static void
change_ready_twice(void)
{
    (void) ask_password();
    send_ready();
    await_go();
    send_ready();
    hang();
}

static void
change_hang(void)
{
    (void) ask_password();
    send_ready();
    await_go();
    hang();
}

static void
change_gone(void)
{
    (void) ask_password();
    send_ready();
}

static void
long_prompt(void)
{
    char prompt[202];

    memset(prompt, 'x', 201);
    prompt[201] = '\0';
    send_ask(TALK_VISIBLE, prompt);
    (void) receive_reply();
    send_result(STATUS_OK);
}

static void
level_unknown(void)
{
    send_line(WIRE_LOG, 5, "what is this");
    (void) ask_password();
    send_result(STATUS_OK);
}

static void
style_unknown(void)
{
    send_line(WIRE_TELL, 3, "what is this");
    (void) ask_password();
    send_result(STATUS_OK);
}

/* A yes with an open file, as a container of descriptors. */
static void
send_descriptor(void)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    unsigned char bytes[64];
    struct iovec part = {bytes, 0};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    int fd = open("/dev/null", O_RDONLY);

    (void) ask_password();
    part.iov_len = raw_result(bytes);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    (void) sendmsg(WIRE_FD, &header, MSG_NOSIGNAL);
}

/* Text that would reach a terminal and the log. */
static void
escapes(void)
{
    static const char evil[] = "\033]0;owned\007\033[2J\r\n%n%s\302\233"
                               "\342\200\256moc\177";

    send_line(WIRE_LOG, TALK_LOG_NOTICE, evil);
    send_line(WIRE_TELL, TALK_INFO, evil);
    send_ask(TALK_VISIBLE, evil);
    (void) receive_reply();
    put_result(STATUS_WRONG_CODE, 0, evil, evil);
    (void) wire_send(wire, WIRE_FD);
}

static void
deaf(void)
{
    struct pollfd answer = {.fd = WIRE_FD, .events = POLLIN};

    send_ask(TALK_PASSWORD, "Password: ");
    (void) poll(&answer, 1, -1);
    (void) close(WIRE_FD);
}

/* How it was started, for what /proc does not show. */
static void
launch(void)
{
    static const struct {
        const char *name;
        int resource;
    } known[] = {{"nofile", RLIMIT_NOFILE}, {"fsize", RLIMIT_FSIZE},
                 {"cpu", RLIMIT_CPU}, {"core", RLIMIT_CORE}};
    extern char **environ;
    struct rlimit limit;
    char line[128];
    long count = 0;

    for (char **at = environ; *at != NULL; at++)
        count++;
    (void) snprintf(line, sizeof(line), "environment %ld", count);
    send_line(WIRE_LOG, TALK_LOG_NOTICE, line);
    (void) snprintf(line, sizeof(line), "leader %d", getsid(0) == getpid());
    send_line(WIRE_LOG, TALK_LOG_NOTICE, line);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        (void) getrlimit(known[i].resource, &limit);
        (void) snprintf(line, sizeof(line), "limit %s %lld", known[i].name,
                        limit.rlim_cur == RLIM_INFINITY
                            ? -1LL
                            : (long long) limit.rlim_cur);
        send_line(WIRE_LOG, TALK_LOG_NOTICE, line);
    }
    (void) snprintf(line, sizeof(line), "user %.100s", user);
    send_line(WIRE_LOG, TALK_LOG_NOTICE, line);
    good();
}

static const struct {
    const char *name;
    void (*behave)(void);
} behaviours[] = {
    {"good", good},
    {"good_noisy", good_noisy},
    {"good_slow", good_slow},
    {"good_twice", good_twice},
    {"launch", launch},
    {"wrong_user", wrong_user},
    {"kinds", kinds},
    {"quiet_exit", quiet_exit},
    {"exit_after_ask", exit_after_ask},
    {"exit_after_reply", exit_after_reply},
    {"crash", crash},
    {"crash_after_reply", crash_after_reply},
    {"killed_after_ask", killed_after_ask},
    {"hang", hang},
    {"hang_after_reply", hang_after_reply},
    {"stop", stop},
    {"stop_after_reply", stop_after_reply},
    {"verdict_unasked", verdict_unasked},
    {"verdict_before_reply", verdict_before_reply},
    {"wrong_id", wrong_id},
    {"wrong_id_ask", wrong_id_ask},
    {"wrong_version", wrong_version},
    {"truncated", truncated},
    {"only_header", only_header},
    {"half_header", half_header},
    {"empty_packet", empty_packet},
    {"oversize", oversize},
    {"trailing", trailing},
    {"type_unknown", type_unknown},
    {"type_start", type_start},
    {"type_reply", type_reply},
    {"type_block", type_block},
    {"two_results", two_results},
    {"result_then_ask", result_then_ask},
    {"result_kept_open", result_kept_open},
    {"late", late},
    {"status_past_end", status_past_end},
    {"status_255", status_255},
    {"flood_ask", flood_ask},
    {"flood_log", flood_log},
    {"flood_tell", flood_tell},
    {"drip_log", drip_log},
    {"nul_in_prompt", nul_in_prompt},
    {"nul_in_result", nul_in_result},
    {"length_past_end", length_past_end},
    {"kind_zero", kind_zero},
    {"kind_nine", kind_nine},
    {"permit_only", permit_only},
    {"ready_for_nothing", ready_for_nothing},
    {"good_must_change", good_must_change},
    {"shows_first", shows_first},
    {"change", change},
    {"change_done_at_once", change_done_at_once},
    {"change_ready_unproved", change_ready_unproved},
    {"change_to_nothing", change_to_nothing},
    {"change_ready_twice", change_ready_twice},
    {"change_hang", change_hang},
    {"change_gone", change_gone},
    {"long_prompt", long_prompt},
    {"level_unknown", level_unknown},
    {"style_unknown", style_unknown},
    {"send_descriptor", send_descriptor},
    {"escapes", escapes},
    {"deaf", deaf},
};

static void
behave(const char *name)
{
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
        if (strcmp(behaviours[i].name, name) == 0) {
            behaviours[i].behave();
            return;
        }
    send_line(WIRE_LOG, TALK_LOG_ERROR, "fake helper: unknown behaviour");
}

/* Copies the behaviour's name out of a START. */
static bool
read_start(char *name, size_t size)
{
    static const char prefix[] = "user_pool_id=fake:";
    enum wire_type type;
    unsigned int count;

    if (wire_receive(wire, WIRE_FD, &type, id) != WIRE_OK
        || type != WIRE_START)
        return false;
    (void) wire_get_byte(wire);
    start_flags = wire_get_number(wire);
    (void) wire_get_number(wire);
    (void) snprintf(user, sizeof(user), "%s", wire_get_text(wire, WIRE_MAX));
    for (int i = 0; i < 3; i++)
        (void) wire_get_text(wire, WIRE_MAX);
    count = wire_get_byte(wire);
    for (unsigned int i = 0; i < count; i++) {
        const char *argument = wire_get_text(wire, WIRE_MAX);

        if (strncmp(argument, prefix, strlen(prefix)) == 0)
            (void) snprintf(name, size, "%s", argument + strlen(prefix));
    }
    return wire_complete(wire);
}

int
main(void)
{
    const char *path = (const char *) getauxval(AT_EXECFN);
    size_t length = strlen(path);
    char name[64] = "";

    /* Nothing of ours stays behind, whatever a test does. */
    (void) alarm(20);
    wire = wire_new();
    if (wire == NULL)
        return 1;
    if (length > 6 && strcmp(path + length - 6, "-early") == 0)
        send_result(STATUS_OK);
    if (!read_start(name, sizeof(name)))
        return 1;
    behave(name);
    wire_free(wire);
    return 0;
}
