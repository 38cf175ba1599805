/*
 * A faulty setting is named, not quoted: each key with each kind of fault, and
 * a secret in each place of the line where somebody may have put it. What the
 * log would be told must not hold it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/setup.h"
#include "tap.h"

/* A client secret and a proxy's password, no letters of a key alone. */
static const char *const secrets[] = {
    "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g",
    "Pa55-word-of-the-proxy",
};

/* K stands for the key, S for the secret. */
static const char *const forms[] = {
    "K = S",
    "K=S",
    "K = S # c",
    "K S",
    "K: S",
    "K:S",
    "KS",
    "K S = x",
    "K = x S",
    "K = S x",
    "S = K",
    "S",
    "S K",
    "= S",
    "K = = S",
    "K == S",
    "[S",
    "[K] S",
    "K = /S",
    "K = /etc/S",
    "K = /S/x",
    "K = /etc/passwd/S",
    "K = ,S",
    "K = a,,S",
    "K = S,",
    "K = \"S",
    "K=-S",
    "-K=S",
    "K = http://user:S@proxy.example:3128 # c",
    "K = http://user:S@proxy.example",
    "K = https://S@x/",
    "K = eu-west-1_S/",
    "K = S_eu",
    "K = %S",
    "K = [S",
    "k_K = S",
    "K = S\nK = S",
    "K =\nS",
    "K = no\nK = S",
};

static char folder[64] = "/tmp/quoting-t.XXXXXX";
static char path[128];

/* form with key and secret put in. */
static void
fill(const char *form, const char *key, const char *secret, char *out,
     size_t size)
{
    size_t used = 0;

    for (; *form != '\0' && used + 1 < size; form++) {
        if (*form == 'K' || *form == 'S')
            used += (size_t) snprintf(out + used, size - used, "%s",
                                      *form == 'K' ? key : secret);
        else
            out[used++] = *form;
    }
    out[used < size ? used : size - 1] = '\0';
}

static bool
check_said(const char *said, const char *secret, const char *line)
{
    if (strstr(said, secret) == NULL)
        return true;
    diag("the line \"%s\" makes it say: %s", line, said);
    return false;
}

/* What module and helper say of these arguments. */
static bool
check_arguments(size_t count, const char *const *arguments, const char *secret,
                const char *line)
{
    const struct file_trust trust = {.owner = geteuid()};
    struct config *config = config_load(CONFIG_MODULE, count, arguments,
                                        "sshd", &trust);
    struct setup setup = {0};
    bool silent;

    need(config != NULL, "memory");
    silent = check_said(config_message(config), secret, line);
    config_free(config);
    (void) setup_read(&setup, count, arguments, "sshd", &trust);
    silent = check_said(setup.message, secret, line)
             && check_said(setup.warning, secret, line) && silent;
    setup_free(&setup);
    return silent;
}

static void
write_conf(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text),
         "a file");
    (void) close(fd);
}

/* The line among arguments, and in the file beside a pool and a client. */
static bool
check_line(const char *key, const char *line, const char *secret)
{
    char config[200], text[2048];
    const char *const arguments[] = {config,
                                     "user_pool_id=eu-west-1_AbCdEfGhI",
                                     "client_id=1example2345", line};
    const bool pool = strcmp(key, "user_pool_id") == 0;
    const bool client = strcmp(key, "client_id") == 0;
    bool silent;

    (void) snprintf(config, sizeof(config), "config=%s", path);
    write_conf("ca_file = system\n");
    silent = check_arguments(4, arguments, secret, line);
    (void) snprintf(text, sizeof(text), "%s%s[sshd]\n%s\n",
                    pool ? "" : "user_pool_id = eu-west-1_AbCdEfGhI\n",
                    client ? "" : "client_id = 1example2345\n", line);
    write_conf(text);
    return check_arguments(1, arguments, secret, line) && silent;
}

static void
check_key(const char *key)
{
    char line[1024];
    bool silent = true;

    for (size_t s = 0; s < sizeof(secrets) / sizeof(secrets[0]); s++)
        for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
            fill(forms[f], key, secrets[s], line, sizeof(line));
            silent = check_line(key, line, secrets[s]) && silent;
        }
    ok(silent, "%s: no secret is said", key);
}

int
main(void)
{
    (void) umask(022);
    need(mkdtemp(folder) != NULL, "a folder");
    (void) snprintf(path, sizeof(path), "%s/conf", folder);
    for (unsigned int key = 0; key < KEY_COUNT; key++)
        check_key(config_entry((enum config_key) key)->name);
    check_key("no_such_key");
    (void) unlink(path);
    ok(rmdir(folder) == 0, "nothing was left behind");
    return done_testing();
}
