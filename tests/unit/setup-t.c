/*
 * The helper's settings and the files that they name: what is refused and
 * what the log is told; and what of the request goes to the pool.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "client/setup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cognito/json.h"
#include "tap.h"

#define POOL "user_pool_id=eu-west-1_AbCdEfGhI"
#define CLIENT "client_id=1example23456789"

static char folder[64] = "/tmp/setup-t.XXXXXX";
static char path[128];
static char config[128] = "config="; /* not this machine's own */
static struct setup setup;

static void
write_file(const void *content, size_t length, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    need(fd >= 0 && write(fd, content, length) == (ssize_t) length
             && fchmod(fd, mode) == 0,
         "a file");
    (void) close(fd);
}

static enum status
read_arguments(size_t count, const char *const *arguments)
{
    const struct file_trust trust = {.owner = geteuid()};

    setup_free(&setup);
    setup = (struct setup){0};
    return setup_read(&setup, count, arguments, "sshd", &trust);
}

/* Reads the pool's and the client's ID and up to two more arguments. */
static enum status
read_more(const char *first, const char *second)
{
    const char *arguments[] = {POOL,   CLIENT, "ca_file=system",
                               config, first,  second};
    size_t count = second != NULL ? 6 : first != NULL ? 5 : 4;

    /* The roots that come with the module are not installed here. */
    if (first != NULL && strncmp(first, "ca_file=", 8) == 0)
        arguments[2] = "debug";
    if (first != NULL && strncmp(first, "config=", 7) == 0)
        arguments[3] = "debug";
    return read_arguments(count, arguments);
}

/* KEY=path of the file. */
static const char *
names_file(const char *key)
{
    static char argument[200];

    (void) snprintf(argument, sizeof(argument), "%s=%s", key, path);
    return argument;
}

static void
check(const char *first, const char *second, enum status status,
      const char *says, const char *what)
{
    enum status seen = read_more(first, second);

    if (!ok(seen == status && strstr(setup.message, says) != NULL, "%s: %s",
            what, says[0] == '\0' ? "fine" : says))
        diag("%s, %s", status_word(seen), setup.message);
}

static void
check_secret_file(const char *content, size_t length, const char *secret)
{
    write_file(content, length, 0600);
    check(names_file("client_secret_file"), NULL,
          secret == NULL ? STATUS_CONFIG : STATUS_OK,
          secret == NULL ? "expected one line with the secret" : "",
          secret == NULL ? "no secret" : "a secret");
    if (secret != NULL)
        is_text(setup.client_secret.data, secret, "and it is this one");
}

static void
check_secret(void)
{
    static char large[FILE_SIZE_MAX + 1];

    check_secret_file("hush", 4, "hush");
    check_secret_file("hush\n", 5, "hush");
    check_secret_file("hush\r\n", 6, "hush");
    check_secret_file("", 0, NULL);
    check_secret_file("\n", 1, NULL);
    check_secret_file("hush\n\n", 6, NULL);
    check_secret_file("hush hush\n", 10, NULL);
    check_secret_file(" hush\n", 6, NULL);
    check_secret_file("hu\0sh\n", 6, NULL);
    write_file("hush\n", 5, 0640);
    check(names_file("client_secret_file"), NULL, STATUS_CONFIG, "mode 0600",
          "a secret that the group may read");
    check("client_secret=hush", names_file("client_secret_file"),
          STATUS_CONFIG, "expected one of them", "two secrets");
    check("client_secret=hush", NULL, STATUS_OK, "", "an argument");
    is_text(setup.client_secret.data, "hush", "and it is this one");
    check("client_secret=", NULL, STATUS_OK, "", "an empty one");
    is_number((int64_t) setup.client_secret.length, 0, "is none");
    memset(large, 'x', sizeof(large));
    write_file(large, sizeof(large), 0600);
    check(names_file("client_secret_file"), NULL, STATUS_CONFIG, "too large",
          "a file without end");
    (void) unlink(path);
    check(names_file("client_secret_file"), NULL, STATUS_CONFIG,
          "No such file", "there is none");
}

static void
check_proxy(const char *proxy, unsigned int port)
{
    char argument[100];

    (void) snprintf(argument, sizeof(argument), "proxy=%s", proxy);
    check(argument, NULL, port == 0 ? STATUS_CONFIG : STATUS_OK,
          port == 0 ? "expected http://host:port" : "", proxy);
    is_number(setup.proxy_port, port, "its port");
}

static void
check_proxies(void)
{
    check_proxy("http://proxy:3128", 3128);
    check_proxy("https://proxy:65535", 65535);
    check_proxy("http://[::1]:8080", 8080);
    check_proxy("http://proxy", 0);
    check_proxy("http://:3128", 0);
    check_proxy("http://proxy:", 0);
    check_proxy("http://proxy:0", 0);
    check_proxy("http://proxy:65536", 0);
    check_proxy("http://proxy:-1", 0);
    check_proxy("http://proxy:+1", 0);
    check_proxy("http://proxy:99999999999999999999", 0);
    check_proxy("http://proxy:3128/", 0);
    check_proxy("http://proxy:3128x", 0);
    check_proxy("socks5://proxy:1080", 0);
    check_proxy("proxy:3128", 0);
    check_proxy("http://[fe80::1%25eth0]:8080", 8080);
    check_proxy("http://b\xc3\xbcro.example:3128", 3128);
}

/*
 * A proxy's URL is curl's to take apart, which quotes all of it, password and
 * all, where it cannot; and it goes without the proxy when it cannot decode.
 */
static void
check_proxy_password(void)
{
    static const char *const hosts[]
        = {"[::1",   "[::1:80", "::1]", "[::g]", "[1.2.3.4]", "[]",
           "[::1]x", "x{}y",    "a;b",  "a%20b", "a/b",       ""};
    char proxy[80];

    for (int byte = '!'; byte <= '~'; byte++) {
        bool fits = strchr("/?#@", byte) == NULL;

        (void) snprintf(proxy, sizeof(proxy), "http://user:Pa%c55@proxy:3128",
                        byte);
        check_proxy(proxy, fits ? 3128 : 0);
        ok(strstr(setup.message, "55") == NULL, "the password is not said");
        (void) snprintf(proxy, sizeof(proxy), "https://us%cer@proxy:3128",
                        byte);
        check_proxy(proxy, fits ? 3128 : 0);
    }
    for (unsigned int byte = 0; byte < 256; byte++) {
        (void) snprintf(proxy, sizeof(proxy),
                        byte % 2 == 0 ? "http://user:%%%02x@proxy:3128"
                                      : "http://%%%02X:word@proxy:3128",
                        byte);
        check_proxy(proxy, byte >= 32 ? 3128 : 0);
    }
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        (void) snprintf(proxy, sizeof(proxy), "http://user:word@%s:3128",
                        hosts[i]);
        check_proxy(proxy, 0);
    }
    check("proxy=http://user:Pa/55@proxy:3128", NULL, STATUS_CONFIG, "%2F",
          "how such a password is written is said");
}

static void
check_pool(void)
{
    static char client[200] = "client_id=";
    const char *arguments[] = {config, "ca_file=system", POOL, client};

    ok(read_arguments(2, arguments) == STATUS_CONFIG
           && strstr(setup.message, "user_pool_id: missing") != NULL,
       "no pool");
    ok(read_arguments(3, arguments) == STATUS_CONFIG
           && strstr(setup.message, "client_id: missing") != NULL,
       "no client");
    memset(client + 10, 'x', 128);
    is_number(read_arguments(4, arguments), STATUS_OK,
              "the longest client ID");
    client[138] = 'x';
    ok(read_arguments(4, arguments) == STATUS_CONFIG
           && strstr(setup.message, "longer than 128") != NULL,
       "one more is too long");
    check("endpoint=http://127.0.0.1", NULL, STATUS_CONFIG, "user pool",
          "an endpoint without TLS");
    check("timeout=x", NULL, STATUS_OK, "", "the module's key");
    check("fips=x", NULL, STATUS_CONFIG, "fips", "a malformed key");
    check("config=/none/of/that/name", NULL, STATUS_CONFIG, "No such file",
          "a configuration that is named and not there");
    check("auth_flow=password", NULL, STATUS_CONFIG,
          "auth_flow (module argument): expected user_password, user_srp, "
          "user_auth, custom or custom_srp, found \"password\"",
          "a flow that is none");
    check("auth_flow=", NULL, STATUS_CONFIG, "custom_srp, found \"\"",
          "nor is nothing");
    check("auth_flow=USER_PASSWORD", NULL, STATUS_CONFIG, "expected user_pass",
          "letters count");
    check("auth_flow=abcdefghijklmnopqrstu", NULL, STATUS_CONFIG,
          "custom or custom_srp", "a long one, which may be a secret");
    ok(strstr(setup.message, "abcdef") == NULL, "is not quoted");
    check("auth_flow=custom_srp", NULL, STATUS_OK, "", "a flow");
    check("preferred_factor=sms", NULL, STATUS_CONFIG,
          "preferred_factor (module argument): expected password, "
          "password_srp, email_otp or sms_otp, found \"sms\"",
          "a factor that is none");
    check("preferred_factor=", NULL, STATUS_CONFIG, "sms_otp, found \"\"",
          "nor is nothing");
    check("preferred_factor=sms_otp", NULL, STATUS_OK, "", "a factor");
    check("account_claim=nickname", NULL, STATUS_CONFIG, "account_claim",
          "a claim that people can change");
}

static void
check_files(void)
{
    write_file("{}", 2, 0644);
    check(names_file("jwks_file"), NULL, STATUS_CONFIG,
          "expected the pool's jwks.json", "no keys in the file");
    write_file("alice = ", 8, 0644);
    check(names_file("map_file"), NULL, STATUS_CONFIG, "setup-t",
          "a malformed map, by its name");
    write_file("# nobody\n", 9, 0644);
    check(names_file("map_file"), NULL, STATUS_OK, "", "an empty map");
    ok(setup.map != NULL, "and there is a map");
    write_file("PEM", 3, 0644);
    check(names_file("ca_file"), NULL, STATUS_OK, "", "a file of roots");
    is_text(setup.ca.data, "PEM", "is read, and judged later");
    check("ca_file=system", NULL, STATUS_OK, "", "the system's roots");
    is_number((int64_t) setup.ca.length, 0, "are not ca_file's");
    ok(setup.system_ca.length > 0 || setup.system_folder[0] == '/',
       "but are known from where curl has them");
    check(names_file("ca_file"), NULL, STATUS_OK, "", "a file again");
    ok(setup.system_ca.length == 0 && setup.system_folder[0] == '\0',
       "the system's count for nothing then");
    (void) unlink(path);
    check(names_file("ca_file"), NULL, STATUS_CONFIG, "ca_file",
          "no file of roots");
    check(names_file("jwks_file"), NULL, STATUS_CONFIG, "jwks_file",
          "no file of keys");
    check(names_file("map_file"), NULL, STATUS_CONFIG, "map_file", "no map");
}

/* The address that goes to the pool for a host that PAM names. */
static void
check_address(const char *first, const char *second, const char *rhost,
              const char *wanted, const char *what)
{
    const struct setup_origin origin = {"sshd", rhost, ""};
    struct cognito cognito;

    need(read_more(first, second) == STATUS_OK, "settings");
    need(setup_open(&setup, &origin, &cognito) == STATUS_OK, "a client");
    is_text(cognito.ip_address, wanted, what);
    http_close(cognito.http);
}

static void
check_origin(void)
{
    const struct setup_origin origin = {"sshd", "host\033[1m", ""};
    struct cognito cognito;
    const char on[] = "threat_protection", secret[] = "client_secret=hush";

    check_address(on, secret, "192.0.2.1", "192.0.2.1", "an address");
    check_address(on, secret, "2001:db8::1", "2001:db8::1",
                  "an address of IPv6");
    check_address(on, secret, "host.example.com", NULL, "a name is none");
    check_address(on, secret, "192.0.2.1 ", NULL, "nor is more than one");
    check_address(on, secret, "", NULL, "nor is nothing");
    check_address(on, NULL, "192.0.2.1", NULL, "no secret, no address");
    check_address(secret, NULL, "192.0.2.1", NULL, "it is off by itself");

    need(read_more("client_metadata", NULL) == STATUS_OK
             && setup_open(&setup, &origin, &cognito) == STATUS_OK,
         "metadata");
    is_text(json_text(cognito.metadata, "service"), "sshd", "the service");
    ok(json_text(cognito.metadata, "host") != NULL, "this machine's name");
    ok(json_text(cognito.metadata, "rhost") != NULL
           && strchr(json_text(cognito.metadata, "rhost"), '\033') == NULL,
       "where from, without what drives a terminal");
    is_text(json_text(cognito.metadata, "tty"), NULL, "no terminal");
    http_close(cognito.http);
    need(read_more(NULL, NULL) == STATUS_OK
             && setup_open(&setup, &origin, &cognito) == STATUS_OK,
         "no metadata");
    ok(cognito.metadata == NULL, "nothing of it where it is not asked for");
    http_close(cognito.http);
}

int
main(void)
{
    (void) umask(022);
    need(mkdtemp(folder) != NULL, "a folder");
    (void) snprintf(path, sizeof(path), "%s/config", folder);
    write_file("", 0, 0644);
    (void) strcat(config, path);
    (void) snprintf(path, sizeof(path), "%s/file", folder);
    check_pool();
    check_secret();
    check_proxies();
    check_proxy_password();
    check_files();
    check_origin();
    setup_free(&setup);
    (void) unlink(strchr(config, '/'));
    ok(rmdir(folder) == 0, "nothing was left behind");
    return done_testing();
}
