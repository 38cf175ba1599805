/*
 * Judges whoever came in by the socket: root may ask about everybody in scope,
 * others about themselves, a service's trusted users about everybody for that
 * service.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "helper/peer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pam/lookup.h"
#include "pam/scope.h"

#define OVERFLOW_UID 65534 /* of whoever has no number in our namespace */

bool
peer_of(int fd, struct peer *peer_out)
{
    struct sockaddr_un name = {0};
    struct ucred peer;
    socklen_t size = sizeof(peer), name_size = sizeof(name);
    socklen_t type_size = sizeof(int);
    int type = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) < 0
        || type != SOCK_SEQPACKET
        || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0
        || getsockname(fd, (struct sockaddr *) &name, &name_size) < 0
        || name.sun_family != AF_UNIX)
        return false;
    /* What was accepted bears the name of what listened; a pair has none. The
     * kernel says so, and neither end can change it. */
    peer_out->remote = name_size > offsetof(struct sockaddr_un, sun_path);
    peer_out->pid = peer.pid;
    peer_out->uid = peer.uid;
    return true;
}

bool
peer_read_same(const struct peer_request *request, const struct config *config,
               char *line_out, size_t size)
{
    struct config_source ours = config_source(config);

    if (request->operation == WIRE_PROBE)
        return true; /* it is about the helper's own */
    if (ours.device == request->source.device
        && ours.number == request->source.number)
        return true;
    (void) snprintf(line_out, size,
                    "%s is another file for the host than for the helper on "
                    "the socket: a container or a chroot, or it was changed "
                    "just now",
                    PAM_COGNITO_CONF);
    return false;
}

/* Is the peer that local user? Uids are compared, whatever they are called. */
static bool
is_user(const struct peer *peer, const char *word,
        struct peer_verdict *verdict)
{
    struct passwd account;
    enum lookup lookup;
    char *memory;
    bool same;
    uid_t uid;

    if (config_is_uid(word, &uid))
        return uid == peer->uid;
    lookup = lookup_account(word, &account, &memory);
    same = lookup == LOOKUP_FOUND && account.pw_uid == peer->uid;
    if (lookup != LOOKUP_FOUND)
        (void) snprintf(verdict->warning, sizeof(verdict->warning),
                        "trusted_users: %.64s %s",
                        config_is_plain_name(word) ? word
                                                   : "a name (not shown)",
                        lookup == LOOKUP_NONE ? "is no user of this machine"
                                              : "could not be looked up");
    free(memory);
    return same;
}

/* Do root's settings trust the peer, for this service? */
static enum status
find_trusted(const struct peer *peer, const struct peer_request *request,
             struct peer_verdict *verdict)
{
    const struct file_trust trust = {.owner = 0};
    struct config *config = config_load(CONFIG_HELPER, 0, NULL,
                                        request->service, &trust);
    enum status status = STATUS_PEER;
    char word[CONFIG_VALUE_MAX];
    size_t position = 0;

    if (config == NULL)
        return STATUS_MEMORY;
    while (status == STATUS_PEER
           && config_list_next(config, KEY_TRUSTED_USERS, &position, word))
        if (is_user(peer, word, verdict))
            status = STATUS_OK;
    if (config_status(config) != STATUS_OK) {
        status = STATUS_CONFIG;
        text_clean(config_message(config), verdict->line,
                   sizeof(verdict->line));
    }
    config_free(config);
    return status;
}

/*
 * Everybody in scope is root's to ask about; others have themselves. A password
 * is changed by its owner's own uid alone.
 */
static enum status
judge_right(const struct peer *peer, const struct peer_request *request,
            const struct subject *subject, struct peer_verdict *verdict)
{
    enum status status = STATUS_PEER;

    if (peer->uid == 0 && /* @change */ request->operation != WIRE_CHANGE)
        return STATUS_OK;
    if (peer->uid == OVERFLOW_UID || peer->uid == (uid_t) -1) {
        (void) snprintf(verdict->note, sizeof(verdict->note),
                        "the host's user has no number here: a user "
                        "namespace");
        return STATUS_PEER;
    }
    /* The name is the account's own: scope has compared them. */
    verdict->own = subject->has_account && subject->uid == peer->uid;
    if (verdict->own)
        return STATUS_OK;
    if (request->operation == WIRE_AUTHENTICATE)
        status = find_trusted(peer, request, verdict);
    verdict->trusted = status == STATUS_OK;
    if (status == STATUS_PEER && request->operation == WIRE_CHANGE)
        (void) snprintf(verdict->note, sizeof(verdict->note),
                        "uid %lu may change its own password only",
                        (unsigned long) peer->uid);
    else if (status == STATUS_PEER)
        (void) snprintf(verdict->note, sizeof(verdict->note),
                        "uid %lu may ask about itself only: trusted_users of "
                        "[%.48s] does not name it",
                        (unsigned long) peer->uid, request->service);
    return status;
}

/* From the answer about the scope to a status. */
static enum status
judge_scope(struct subject *subject, struct peer_verdict *verdict)
{
    const char *reason = "";
    enum scope scope = scope_of(subject, &reason);

    if (scope == SCOPE_UNKNOWN || scope == SCOPE_ALIAS)
        reason = subject->why;
    if (scope != SCOPE_OURS)
        (void) snprintf(verdict->note, sizeof(verdict->note),
                        "not in scope for the helper on the socket: %.140s",
                        reason);
    switch (scope) {
    case SCOPE_OURS:
        return STATUS_OK;
    case SCOPE_FOREIGN:
        return STATUS_PEER;
    case SCOPE_UNKNOWN:
        return STATUS_LOOKUP;
    case SCOPE_ALIAS:
        return STATUS_ACCOUNT;
    case SCOPE_REFUSED:
        return STATUS_BAD_INPUT;
    case SCOPE_MEMORY:
        return STATUS_MEMORY;
    }
    return STATUS_INTERNAL;
}

/* By root's settings for that service, which the module had, too. */
static enum status
judge_settings(const struct peer_request *request, const struct config *config,
               struct peer_verdict *verdict)
{
    if (config == NULL)
        return STATUS_OK; /* they did not matter */
    verdict->debug = config_flag(config, KEY_DEBUG);
    verdict->breaker = config_flag(config, KEY_BREAKER);
    if (!peer_read_same(request, config, verdict->line, sizeof(verdict->line)))
        return STATUS_CONFIG;
    if (config_status(config) != STATUS_OK) {
        text_clean(config_message(config), verdict->line,
                   sizeof(verdict->line));
        return STATUS_CONFIG;
    }
    if (config_is_set(config, KEY_ALLOW_SERVICES)
        && !config_list_has(config, KEY_ALLOW_SERVICES, request->service))
        return STATUS_SERVICE;
    return STATUS_OK;
}

enum status
peer_judge(const struct peer *peer, const struct peer_request *request,
           struct peer_verdict *verdict_out)
{
    struct subject subject = {.user = request->user,
                              .service = request->service,
                              .lookups = &lookup_services};
    enum status status, scope;
    char names[80];

    memset(verdict_out, 0, sizeof(*verdict_out));
    if (request->count > 0) {
        (void) config_bound_arguments(request->count, request->arguments,
                                      names, sizeof(names));
        (void) snprintf(verdict_out->line, sizeof(verdict_out->line),
                        "%s (module argument): not taken on the socket, "
                        "expected in the section [%.48s]",
                        names[0] == '\0' ? "arguments" : names,
                        request->service);
        return STATUS_CONFIG;
    }
    /* For root's own tool: it is about nobody. */
    if (request->operation == WIRE_PROBE)
        return peer->uid == 0 ? STATUS_OK : STATUS_PEER;
    scope = judge_scope(&subject, verdict_out);
    status = judge_settings(request, subject.config, verdict_out);
    if (status == STATUS_OK)
        status = scope;
    if (status == STATUS_OK)
        status = judge_right(peer, request, &subject, verdict_out);
    config_free(subject.config);
    return status;
}
