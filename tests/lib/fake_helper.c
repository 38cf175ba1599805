/*
 * A helper that misbehaves on request: user_pool_id=fake:WORD among the
 * module's arguments chooses how, or else the name of the user it is asked
 * about, '-' for '_'. Only "good" and its relatives may ever let anybody in.
 * A copy of the program whose name ends in "-early" speaks before it has read
 * the request.
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
#define PLACE "/run/liar" /* for what has to be known of us elsewhere */
#define STEPS_MAX 9

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
static char user[256], service[256];
static unsigned int start_flags;
/* Were all answers the password so far? */
static bool right = true;
/* The next RESULT, and what is wrong with it. */
static struct {
    int version, type, flags;
    int more; /* bytes too many, or too few */
    int size; /* bytes that are sent, when not negative */
    const char *note, *person;
} result = {WIRE_VERSION, WIRE_RESULT, 0, 0, -1, "", ""};

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

static void
reply(void)
{
    unsigned char theirs[WIRE_ID_SIZE];
    struct secret answer = {0};
    enum wire_type type;

    if (wire_receive(wire, WIRE_FD, &type, theirs) != WIRE_OK
        || type != WIRE_REPLY || memcmp(theirs, id, sizeof(id)) != 0)
        _exit(8);
    wire_get_secret(wire, WIRE_MAX, &answer);
    if (!wire_complete(wire) || strcmp(answer.data, PASSWORD) != 0)
        right = false;
    secret_free(&answer);
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

static size_t
put_head(unsigned char *packet)
{
    packet[0] = (unsigned char) result.version;
    packet[1] = (unsigned char) result.type;
    memcpy(packet + 2, id, sizeof(id));
    return 2 + sizeof(id);
}

static size_t
put_text(unsigned char *packet, size_t at, const char *text)
{
    size_t length = strlen(text);

    packet[at] = (unsigned char) (length >> 8);
    packet[at + 1] = (unsigned char) length;
    memcpy(packet + at + 2, text, length);
    return at + 2 + length;
}

/* Status, flags, http, ms, four texts; then it is spoilt as was asked. */
static void
send_result(unsigned int status)
{
    static unsigned char packet[2 * WIRE_MAX];
    size_t length = put_head(packet);

    packet[length] = (unsigned char) status;
    packet[length + 4] = (unsigned char) result.flags;
    length += 1 + 3 * 4 + 2 * 2;
    length = put_text(packet, length, result.note);
    length = put_text(packet, length, result.person);
    length = result.size >= 0 ? (size_t) result.size
                              : length + (size_t) result.more;
    result.size = -1;
    (void) send(WIRE_FD, packet, length, MSG_NOSIGNAL);
}

/* ---- Steps: "word", "word=number", "word=text", "word=number:text" ---- */

static int
number(const char *value)
{
    return (int) strtol(value, NULL, 10);
}

static const char *
text(const char *value)
{
    return strchr(value, ':') + 1;
}

static void
ask(const char *value)
{
    if (*value == '\0')
        send_ask(TALK_PASSWORD, "Password: ");
    else
        send_ask((unsigned int) number(value), text(value));
}

static void
question(const char *value)
{
    ask(value);
    reply();
}

/* A question that nobody is asked is no proof of anything. */
static void
permit(void)
{
    send_ask(TALK_PERMIT, "");
    reply();
}

static void
say_log(const char *value)
{
    send_line(WIRE_LOG, (unsigned int) number(value), text(value));
}

static void
tell(const char *value)
{
    send_line(WIRE_TELL, (unsigned int) number(value), text(value));
}

static void
verdict(void)
{
    send_result(right ? STATUS_OK : STATUS_WRONG_PASSWORD);
}

/* Ends what is not proved. */
static void
proved(void)
{
    if (right)
        return;
    verdict();
    _exit(0);
}

static void
other_id(const char *value)
{
    id[number(value)] ^= 1;
}

/* A head, and the fields as hexadecimal digits. */
static void
raw(const char *value)
{
    unsigned char packet[64];
    size_t length;
    unsigned int byte;

    result.type = number(value);
    length = put_head(packet);
    for (value = text(value); sscanf(value, "%2x", &byte) == 1; value += 2)
        packet[length++] = (unsigned char) byte;
    (void) send(WIRE_FD, packet, length, MSG_NOSIGNAL);
}

static void
ready(void)
{
    wire_begin(wire, WIRE_READY, id);
    (void) wire_send(wire, WIRE_FD);
}

static void
await_go(void)
{
    unsigned char theirs[WIRE_ID_SIZE];
    enum wire_type kind;

    if (wire_receive(wire, WIRE_FD, &kind, theirs) != WIRE_OK
        || kind != WIRE_GO || !wire_complete(wire))
        _exit(7);
}

/* What START said about this sign-in. */
static void
first(void)
{
    send_line(WIRE_LOG, TALK_LOG_ERROR,
              (start_flags & WIRE_FIRST) != 0 ? "first" : "not first");
}

/* Says nothing for so many ms, unless the module goes. */
static void
wait_ms(const char *value)
{
    struct pollfd gone = {.fd = WIRE_FD};

    if (poll(&gone, 1, *value == '\0' ? -1 : number(value)) != 0)
        _exit(7);
}

/* Until there is an answer, which nobody reads. */
static void
await(void)
{
    struct pollfd answer = {.fd = WIRE_FD, .events = POLLIN};

    (void) poll(&answer, 1, -1);
}

static void
signal_self(const char *value)
{
    (void) raise(number(value));
}

/* A yes with an open file, as a container of descriptors. */
static void
descriptor(void)
{
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {{0}};
    unsigned char packet[64] = {0};
    struct iovec part = {packet, put_head(packet) + 1 + 3 * 4 + 4 * 2};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.space,
                            .msg_controllen = sizeof(control.space)};
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    int fd = open("/dev/null", O_RDONLY);

    packet[2 + WIRE_ID_SIZE] = STATUS_OK;
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    (void) sendmsg(WIRE_FD, &header, MSG_NOSIGNAL);
}

/* A file of this sign-in's, new or as it is. */
static FILE *
place(const char *name, const char *mode)
{
    char path[1024];

    (void) snprintf(path, sizeof(path), PLACE "/%s.%s.%s", user, service,
                    name);
    return fopen(path, mode);
}

/* No more is to come. */
static void
end(void)
{
    (void) shutdown(WIRE_FD, SHUT_WR);
}

/* Tells who waits for it that all was said. */
static void
mark(void)
{
    FILE *file = place("done", "w");

    if (file != NULL)
        (void) fclose(file);
}

/* Tells the truth once; later the first attempt's id is used again. */
static void
replay(void)
{
    FILE *file = place("id", "r");

    if (file == NULL) {
        verdict();
        file = place("id", "w");
        if (file == NULL || fwrite(id, 1, sizeof(id), file) != sizeof(id)
            || fclose(file) != 0)
            abort();
        return;
    }
    if (fread(id, 1, sizeof(id), file) != sizeof(id))
        abort();
    (void) fclose(file);
    send_result(STATUS_OK);
}

/* How it was started, for what /proc does not show. */
static void
launch(void)
{
    static const struct {
        const char *name;
        int resource;
    } known[] = {{"nofile", RLIMIT_NOFILE},
                 {"fsize", RLIMIT_FSIZE},
                 {"cpu", RLIMIT_CPU},
                 {"core", RLIMIT_CORE}};
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
}

static const struct {
    const char *word;
    void (*act)(void);
    void (*take)(const char *value);
    int *number;
    const char **text;
    unsigned int status;
} steps[] = {
    {"ask", .take = ask},
    {"password", .take = question}, /* and waits for the answer */
    {"question", .take = question},
    {"reply", .act = reply},
    {"permit", .act = permit},
    {"log", .take = say_log},
    {"tell", .take = tell},
    {"yes", .status = STATUS_OK},
    {"wrong_code", .status = STATUS_WRONG_CODE},
    {"past_end", .status = STATUS_COUNT},
    {"status_255", .status = 255},
    {"verdict", .act = verdict},
    {"proved", .act = proved},
    {"note", .text = &result.note},
    {"person", .text = &result.person},
    {"flags", .number = &result.flags},
    {"version", .number = &result.version},
    {"type", .number = &result.type},
    {"more", .number = &result.more},
    {"size", .number = &result.size},
    {"other_id", .take = other_id},
    {"raw", .take = raw},
    {"ready", .act = ready},
    {"go", .act = await_go},
    {"first", .act = first},
    {"wait", .take = wait_ms},
    {"await", .act = await},
    {"signal", .take = signal_self},
    {"descriptor", .act = descriptor},
    {"end", .act = end},
    {"mark", .act = mark},
    {"replay", .act = replay},
    {"launch", .act = launch},
};

#define STRING(value) #value
#define NUMBER(value) STRING(value)
#define CRASH "signal=" NUMBER(SIGSEGV)
#define KILL "signal=" NUMBER(SIGKILL)
#define STOP "signal=" NUMBER(SIGSTOP)
#define HANG "wait"
#define TEXT_67                                                               \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define TEXT_201 TEXT_67 TEXT_67 TEXT_67
/* Text that would reach a terminal and the log. */
#define EVIL "\033]0;owned\007\033[2J\r\n%n%s\302\233\342\200\256moc\177"

/* A name, and what is done; again=N goes on with step N. */
static const char *const behaviours[][1 + STEPS_MAX] = {
    {"good", "password", "verdict"},
    {"good_noisy", "log=1:an error", "log=2:a warning", "log=3:a notice",
     "log=4:a detail", "tell=1:some information", "tell=2:a complaint",
     "password", "verdict"},
    {"good_slow", "password", "wait=600", "verdict"},
    /* Two questions: the host has the password for the first one only. */
    {"good_twice", "password", "question=1:Again: ", "verdict"},
    {"good_must_change", "flags=1", "password", "verdict"},
    {"launch", "launch", "password", "verdict"},
    {"shows_first", "first", "password", "verdict"},
    {"wrong_user", "note=signed in as root", "person=Welcome, root",
     "password", "verdict"},
    {"replayed", "password", "replay"},
    {"kinds", "question=1:One: ", "question=2:Two: ", "question=3:Three: ",
     "question=4:Four: ", "question=5:Five: ", "question=6:Six: ",
     "wrong_code"},
    {"quiet_exit"},
    {"exit_after_ask", "ask"},
    {"exit_after_reply", "password"},
    {"crash", CRASH},
    {"crash_after_reply", "password", CRASH},
    {"killed_after_ask", "ask", KILL},
    {"hang", HANG},
    {"hang_after_reply", "password", HANG},
    {"stop", STOP},
    {"stop_after_reply", "password", STOP},
    {"verdict_unasked", "yes"},
    /* Woken when the answer is there. */
    {"verdict_before_reply", "ask", "yes", STOP, "reply"},
    {"before_reply", "ask", "yes", "end", "mark", "reply"},
    {"wrong_id", "password", "other_id=0", "yes"},
    {"wrong_id_end", "password", "other_id=15", "yes"},
    {"wrong_id_ask", "other_id=15", "ask", HANG},
    {"wrong_version", "password", "version=3", "yes"},
    {"truncated", "password", "more=-1", "yes"},
    {"only_header", "password", "raw=19:"},
    {"only_status", "password", "raw=19:01"},
    {"half_header", "password", "size=7", "yes"},
    {"empty_packet", "password", "size=0", "yes", "yes"},
    /* Says yes in its first bytes; what follows makes it too long. */
    {"oversize", "password", "size=16385", "yes"},
    {"trailing", "password", "more=1", "yes"},
    {"type_unknown", "password", "type=99", "yes"},
    {"type_start", "password", "type=1", "yes"},
    {"type_reply", "password", "type=2", "yes"},
    {"type_block", "password", "type=20", "yes"},
    {"two_results", "password", "yes", "yes"},
    {"result_then_ask", "password", "yes", "question=1:Once more: ", HANG},
    {"result_kept_open", "password", "yes", HANG},
    {"late", "password", "wait=1500", "yes"},
    {"status_past_end", "password", "past_end"},
    {"status_255", "password", "status_255"},
    {"flood_ask", "password", "again=0"},
    {"flood_log", "log=3:noise", "again=0"},
    {"flood_tell", "tell=1:noise", "again=0"},
    /* Something every 100 ms: the deadline must not move. */
    {"drip_log", "password", "log=3:still here", "wait=100", "again=1"},
    /* Nor does a question that nobody is asked move it. */
    {"drip_permit", "password", "permit", "wait=500", "again=1"},
    {"nul_in_prompt", "raw=16:01000761626300646566"},
    {"nul_in_result", "password",
     "raw=19:010000000000000000000000000003610062000000000000"},
    {"long_note", "password", "note=" TEXT_201, "yes"},
    {"length_past_end", "raw=16:01ffff616263", "reply"},
    {"kind_zero", "question=0:What: ", "yes"},
    {"kind_nine", "question=9:What: ", "yes"},
    {"permit_only", "permit", "yes"},
    {"ready_for_nothing", "password", "ready", "yes"},
    {"change", "password", "proved", "ready", "go",
     "question=2:New password: ", "question=3:New password again: ", "yes"},
    {"change_done_at_once", "password", "yes"},
    {"change_ready_unproved", "ready", "go", "yes"},
    {"change_to_nothing", "password", "ready", "go", "yes"},
    {"change_ready_twice", "password", "ready", "go", "ready", HANG},
    {"change_hang", "password", "ready", "go", HANG},
    {"change_gone", "password", "ready"},
    {"long_prompt", "question=6:" TEXT_201, "yes"},
    {"level_unknown", "log=5:what is this", "password", "yes"},
    {"style_unknown", "tell=3:what is this", "password", "yes"},
    {"send_descriptor", "password", "descriptor"},
    {"escapes", "log=3:" EVIL, "tell=1:" EVIL, "question=6:" EVIL,
     "note=" EVIL, "person=" EVIL, "wrong_code"},
    {"deaf", "ask", "await"},
};

static void
take_step(const char *step)
{
    size_t length = strcspn(step, "=");

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        if (strncmp(steps[i].word, step, length) == 0
            && steps[i].word[length] == '\0') {
            const char *value = step + length + (step[length] == '=');

            if (steps[i].act != NULL)
                steps[i].act();
            else if (steps[i].take != NULL)
                steps[i].take(value);
            else if (steps[i].number != NULL)
                *steps[i].number = number(value);
            else if (steps[i].text != NULL)
                *steps[i].text = value;
            else
                send_result(steps[i].status);
            return;
        }
    abort();
}

static void
behave(const char *name)
{
    for (size_t i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++) {
        const char *const *step = behaviours[i] + 1;

        if (strcmp(behaviours[i][0], name) != 0)
            continue;
        for (int at = 0; at < STEPS_MAX && step[at] != NULL; at++) {
            if (strncmp(step[at], "again=", 6) == 0)
                at = number(step[at] + 6);
            take_step(step[at]);
        }
        return;
    }
    send_line(WIRE_LOG, TALK_LOG_ERROR, "fake helper: unknown behaviour");
}

/* Copies the behaviour's name out of a START. */
static bool
read_start(char *name, size_t size_max)
{
    static const char prefix[] = "user_pool_id=fake:";
    enum wire_type kind;
    unsigned int count;

    if (wire_receive(wire, WIRE_FD, &kind, id) != WIRE_OK
        || kind != WIRE_START)
        return false;
    (void) wire_get_byte(wire);
    start_flags = wire_get_number(wire);
    (void) wire_get_number(wire);
    (void) snprintf(user, sizeof(user), "%s", wire_get_text(wire, WIRE_MAX));
    (void) snprintf(name, size_max, "%s", user);
    for (char *at = name; *at != '\0'; at++)
        if (*at == '-')
            *at = '_';
    (void) snprintf(service, sizeof(service), "%s",
                    wire_get_text(wire, WIRE_MAX));
    for (int i = 0; i < 2; i++)
        (void) wire_get_text(wire, WIRE_MAX);
    count = wire_get_byte(wire);
    for (unsigned int i = 0; i < count; i++) {
        const char *argument = wire_get_text(wire, WIRE_MAX);

        if (strncmp(argument, prefix, strlen(prefix)) == 0)
            (void) snprintf(name, size_max, "%s", argument + strlen(prefix));
    }
    (void) wire_get_wide(wire);
    (void) wire_get_wide(wire);
    return wire_complete(wire);
}

int
main(void)
{
    const char *path = (const char *) getauxval(AT_EXECFN);
    size_t length = strlen(path);
    char name[256] = "";

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
