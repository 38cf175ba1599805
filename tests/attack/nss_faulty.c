/*
 * A name service that fails as it is told: /etc/nss_faulty has a line for each
 * call that is to fail, "CALL ANSWER". Otherwise it knows, as the last service
 * of nsswitch.conf, what no file has: the account "remo", the group "remote"
 * (remo and the left-over members), and "ally", who is an alias of alice.
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODES "/etc/nss_faulty"
#define REMOTE_GID 7100
#define REMO_UID 3100
#define LONG_BYTES (3u << 20)

/* What the file says about a call; "" = answer it. */
static void
mode_of(const char *call, char answer[32])
{
    char name[32], word[32];
    FILE *file = fopen(MODES, "re");

    answer[0] = '\0';
    while (file != NULL && fscanf(file, "%31s %31s", name, word) == 2)
        if (strcmp(name, call) == 0)
            strcpy(answer, word);
    if (file != NULL)
        fclose(file);
}

static enum nss_status
fail(const char *answer, int *errnop)
{
    if (strcmp(answer, "unavail") == 0) {
        *errnop = ECONNREFUSED;
        return NSS_STATUS_UNAVAIL;
    }
    if (strcmp(answer, "eagain") == 0) {
        *errnop = EAGAIN;
        return NSS_STATUS_TRYAGAIN;
    }
    if (strcmp(answer, "enomem") == 0) {
        *errnop = ENOMEM;
        return NSS_STATUS_TRYAGAIN;
    }
    if (strcmp(answer, "eio") == 0) {
        *errnop = EIO;
        return NSS_STATUS_UNAVAIL;
    }
    if (strcmp(answer, "emfile") == 0) {
        *errnop = EMFILE;
        return NSS_STATUS_TRYAGAIN;
    }
    if (strcmp(answer, "erange") == 0) {
        *errnop = ERANGE;
        return NSS_STATUS_TRYAGAIN;
    }
    *errnop = ENOENT;
    return NSS_STATUS_NOTFOUND;
}

static enum nss_status
too_small(int *errnop)
{
    *errnop = ERANGE;
    return NSS_STATUS_TRYAGAIN;
}

enum nss_status
_nss_faulty_getpwnam_r(const char *name, struct passwd *result, char *buffer,
                       size_t size, int *errnop)
{
    static const char remo[] = "remo\0x\0\0/\0/bin/sh";
    static const char alice[] = "alice\0x\0\0/home/alice\0/bin/sh";
    const int is_remo = strcmp(name, "remo") == 0;
    const char *from = is_remo ? remo : alice;
    size_t length = is_remo ? sizeof(remo) : sizeof(alice);
    char answer[32], *at = buffer;

    mode_of("getpwnam", answer);
    if (answer[0] != '\0' && strcmp(answer, "long") != 0)
        return fail(answer, errnop);
    if (!is_remo && strcmp(name, "ally") != 0)
        return fail("notfound", errnop);
    if (size < length + (answer[0] != '\0' ? LONG_BYTES : 0))
        return too_small(errnop);
    memcpy(buffer, from, length);
    result->pw_name = at;
    result->pw_passwd = at += strlen(at) + 1;
    result->pw_gecos = at += strlen(at) + 1;
    result->pw_dir = at += strlen(at) + 1;
    result->pw_shell = at + strlen(at) + 1;
    result->pw_uid = result->pw_gid = is_remo ? REMO_UID : 2001;
    return NSS_STATUS_SUCCESS;
}

/* remo alone, or behind three megabytes of others. */
enum nss_status
_nss_faulty_getgrnam_r(const char *name, struct group *result, char *buffer,
                       size_t size, int *errnop)
{
    static const char head[] = "remote\0x";
    const char *members[] = {"remo", "norma"};
    size_t count = 2, filling = 0, place = sizeof(head);
    char answer[32], **list;

    mode_of("getgrnam", answer);
    if (answer[0] != '\0' && strcmp(answer, "long") != 0)
        return fail(answer, errnop);
    if (strcmp(name, "remote") != 0)
        return fail("notfound", errnop);
    if (answer[0] != '\0')
        filling = LONG_BYTES / 32;
    /* Names first, then the list, aligned by hand. */
    if (size < sizeof(head) + 16 + filling * 16 + 16
                   + (filling + count + 1) * sizeof(*list) + sizeof(*list))
        return too_small(errnop);
    memcpy(buffer, head, sizeof(head));
    result->gr_name = buffer;
    result->gr_passwd = buffer + sizeof("remote");
    result->gr_gid = REMOTE_GID;
    list = (char **) (((size_t) buffer + place + 16 + filling * 16 + 16)
                      / sizeof(*list) * sizeof(*list));
    result->gr_mem = list;
    for (size_t i = 0; i < filling; i++, place += 16) {
        (void) snprintf(buffer + place, 16, "filling%07u",
                        (unsigned) i % 10000000u);
        *list++ = buffer + place;
    }
    for (size_t i = 0; i < count; i++) {
        strcpy(buffer + place, members[i]);
        *list++ = buffer + place;
        place += strlen(members[i]) + 1;
    }
    *list = NULL;
    return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_faulty_initgroups_dyn(const char *name, gid_t group, long *start,
                           long *size, gid_t **groups, long limit, int *errnop)
{
    char answer[32];

    (void) group;
    (void) limit;
    mode_of("initgroups", answer);
    if (answer[0] != '\0')
        return fail(answer, errnop);
    if (strcmp(name, "remo") != 0 && strcmp(name, "norma") != 0)
        return fail("notfound", errnop);
    if (*start == *size) {
        gid_t *more = realloc(*groups, (size_t) (*size + 8) * sizeof(*more));

        if (more == NULL)
            return fail("enomem", errnop);
        *groups = more;
        *size += 8;
    }
    (*groups)[(*start)++] = REMOTE_GID;
    return NSS_STATUS_SUCCESS;
}
