/*
 * A network with a round trip, on loopback: every byte is handed on half a
 * round trip after it came, without holding up those behind it. TCP's own
 * handshake is answered by the kernel at once, so a connection's first bytes
 * wait one round trip more, as they would have had to.
 *
 *   relay TARGET_PORT PORT:MICROSECONDS ... [PORT:silent] [PORT:full]
 *
 * silent: connections are taken and nothing is ever said. full: connections
 * are not even taken, as from a host that drops packets. Prints "ready".
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK_MAX 16384
#define EVENTS_MAX 64
#define FULL_MAX 8 /* connections that fill a backlog of none */

/* Bytes on their way; none: the end of the stream. */
struct chunk {
    struct chunk *next;
    int64_t due; /* CLOCK_MONOTONIC, nanoseconds */
    size_t length;
    char bytes[];
};

/* One direction. */
struct lane {
    int from;
    int to;
    bool ended;  /* from has nothing more to say */
    int64_t last; /* when the newest chunk is due */
    struct chunk *first;
    struct chunk **end;
};

struct link {
    struct link *next;
    int64_t delay; /* nanoseconds, one way */
    bool fresh;    /* the client's first bytes have not come */
    bool broken;
    struct lane lanes[2]; /* from the client, to the client */
};

struct listener {
    int fd;
    int64_t delay; /* -1: silent */
};

static struct link *links;
static uint16_t target;
static int epoll_fd;

static int64_t
now_ns(void)
{
    struct timespec now;

    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct sockaddr_in
loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int
listen_on(uint16_t port, int backlog)
{
    struct sockaddr_in address = loopback(port);
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    if (fd < 0
        || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) < 0
        || bind(fd, (struct sockaddr *) &address, sizeof address) < 0
        || listen(fd, backlog) < 0) {
        perror("relay");
        exit(1);
    }
    return fd;
}

static bool
watch(int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void
take(const struct listener *listener)
{
    struct sockaddr_in address = loopback(target);
    int client = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);
    struct link *link;
    int server, yes = 1;

    if (client < 0 || listener->delay < 0)
        return; /* silent: kept open until the end */
    server = socket(AF_INET, SOCK_STREAM, 0);
    link = calloc(1, sizeof *link);
    if (server < 0 || link == NULL
        || connect(server, (struct sockaddr *) &address, sizeof address) < 0) {
        (void) close(client);
        (void) close(server);
        free(link);
        return;
    }
    (void) setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    (void) setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    link->delay = listener->delay;
    link->fresh = true;
    link->lanes[0] = (struct lane){.from = client, .to = server};
    link->lanes[1] = (struct lane){.from = server, .to = client};
    for (int i = 0; i < 2; i++)
        link->lanes[i].end = &link->lanes[i].first;
    link->next = links;
    links = link;
    /* The low bit tells the directions apart. */
    (void) watch(client, link);
    (void) watch(server, (char *) link + 1);
}

/* Takes what has come and notes when it is to go on. */
static void
fetch(struct link *link, struct lane *lane)
{
    struct chunk *chunk = malloc(sizeof *chunk + CHUNK_MAX);
    ssize_t count;

    if (chunk == NULL)
        abort();
    count = recv(lane->from, chunk->bytes, CHUNK_MAX, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        free(chunk);
        return;
    }
    if (count <= 0) {
        lane->ended = true;
        (void) epoll_ctl(epoll_fd, EPOLL_CTL_DEL, lane->from, NULL);
    }
    chunk->next = NULL;
    chunk->length = count < 0 ? 0 : (size_t) count;
    chunk->due = now_ns() + link->delay;
    if (lane == &link->lanes[0] && link->fresh && count > 0) {
        link->fresh = false;
        chunk->due += 2 * link->delay;
    }
    if (chunk->due < lane->last)
        chunk->due = lane->last;
    lane->last = chunk->due;
    *lane->end = chunk;
    lane->end = &chunk->next;
}

/* Hands on what is due; the time of what is due next, or 0. */
static int64_t
hand_on(struct link *link, struct lane *lane, int64_t now)
{
    while (lane->first != NULL && lane->first->due <= now) {
        struct chunk *chunk = lane->first;

        if (chunk->length == 0)
            (void) shutdown(lane->to, SHUT_WR);
        else if (send(lane->to, chunk->bytes, chunk->length, MSG_NOSIGNAL)
                 != (ssize_t) chunk->length)
            link->broken = true;
        lane->first = chunk->next;
        if (lane->first == NULL)
            lane->end = &lane->first;
        free(chunk);
    }
    return lane->first == NULL ? 0 : lane->first->due;
}

static void
drop(struct link *link)
{
    for (int i = 0; i < 2; i++) {
        (void) close(link->lanes[i].from);
        while (link->lanes[i].first != NULL) {
            struct chunk *chunk = link->lanes[i].first;

            link->lanes[i].first = chunk->next;
            free(chunk);
        }
    }
    free(link);
}

/* Everything that is due; the time of the next, or 0. */
static int64_t
hand_on_all(void)
{
    struct link **at = &links;
    int64_t next = 0;

    while (*at != NULL) {
        struct link *link = *at;
        bool over = true;

        for (int i = 0; i < 2; i++) {
            int64_t due = hand_on(link, &link->lanes[i], now_ns());

            if (due != 0 && (next == 0 || due < next))
                next = due;
            over = over && link->lanes[i].ended && due == 0;
        }
        if (over || link->broken) {
            *at = link->next;
            drop(link);
        } else {
            at = &link->next;
        }
    }
    return next;
}

static bool
is_listener(const struct listener *listeners, int count, const void *what)
{
    uintptr_t first = (uintptr_t) listeners;
    uintptr_t at = (uintptr_t) what;

    return at >= first && at < first + sizeof *listeners * (size_t) count;
}

static void __attribute__((noreturn))
run(struct listener *listeners, int count)
{
    struct epoll_event events[EVENTS_MAX];

    for (;;) {
        int64_t next = hand_on_all();
        int64_t left = next == 0 ? 0 : next - now_ns();
        struct timespec wait = {0};
        int ready;

        if (left > 0) {
            wait.tv_sec = left / 1000000000;
            wait.tv_nsec = left % 1000000000;
        }
        ready = epoll_pwait2(epoll_fd, events, EVENTS_MAX,
                             next == 0 ? NULL : &wait, NULL);
        for (int i = 0; i < ready; i++) {
            uintptr_t what = (uintptr_t) events[i].data.ptr;
            struct link *link = (struct link *) (what & ~(uintptr_t) 1);

            if (is_listener(listeners, count, events[i].data.ptr))
                take(events[i].data.ptr);
            else
                fetch(link, &link->lanes[what & 1]);
        }
    }
}

/* Takes all the room there is, so that nobody else gets in. */
static void
fill(uint16_t port)
{
    struct sockaddr_in address = loopback(port);

    (void) listen_on(port, 0);
    for (int i = 0; i < FULL_MAX; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        (void) connect(fd, (struct sockaddr *) &address, sizeof address);
    }
}

int
main(int argc, char **argv)
{
    struct listener *listeners = calloc((size_t) argc, sizeof *listeners);
    int count = 0;

    if (argc < 3 || listeners == NULL)
        return 2;
    (void) signal(SIGPIPE, SIG_IGN);
    /* The kernel may let others sleep 50 microseconds longer. */
    (void) prctl(PR_SET_TIMERSLACK, 1);
    epoll_fd = epoll_create1(0);
    target = (uint16_t) strtoul(argv[1], NULL, 10);
    for (int i = 2; i < argc; i++) {
        char *how;
        uint16_t port = (uint16_t) strtoul(argv[i], &how, 10);

        if (strcmp(how, ":full") == 0) {
            fill(port);
            continue;
        }
        listeners[count].fd = listen_on(port, 1024);
        listeners[count].delay
            = strcmp(how, ":silent") == 0 ? -1
                                          : strtoll(how + 1, NULL, 10) * 500;
        (void) watch(listeners[count].fd, &listeners[count]);
        count++;
    }
    (void) puts("ready");
    (void) fflush(stdout);
    run(listeners, count);
}
