/*
 * The state: what is saved is read again, what is damaged or not ours is
 * refused and left as it is, and one process at a time has it.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "accounts/index.h"
#include "accounts/state.h"
#include "tap.h"

static char above[64] = "/tmp/accounts_state-t.XXXXXX";
static char folder[128], file[160], lock[160];

static bool
open_state(struct state *state, bool to_write, char error[STATE_MESSAGE_SIZE])
{
    error[0] = '\0';
    return state_open(state, folder, geteuid(), to_write, error,
                      STATE_MESSAGE_SIZE);
}

/* The words behind the path. */
static void
is_refused(const char *name, const char *wanted, const char *what)
{
    char error[STATE_MESSAGE_SIZE], whole[STATE_MESSAGE_SIZE];
    struct state state;

    (void) snprintf(whole, sizeof(whole), "%s%s%s: %s", folder,
                    name[0] == '\0' ? "" : "/", name, wanted);
    for (int to_write = 0; to_write < 2; to_write++) {
        ok(!open_state(&state, to_write == 1, error), "%s: refused", what);
        is_text(error, whole, what);
        ok(state.count == 0 && state.folder < 0, "%s: nothing is held", what);
        state_close(&state);
    }
}

static void
write_file(const char *text, mode_t mode)
{
    FILE *out;

    (void) unlink(file);
    out = fopen(file, "w");
    need(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0
             && chmod(file, mode) == 0,
         "a file");
}

static char *
read_file(void)
{
    static char text[65536];
    FILE *in = fopen(file, "r");
    size_t length;

    need(in != NULL, "the file");
    length = fread(text, 1, sizeof(text) - 1, in);
    text[length] = '\0';
    (void) fclose(in);
    return text;
}

static mode_t
mode_of(const char *path)
{
    struct stat st;

    need(stat(path, &st) == 0, path);
    return st.st_mode & 07777;
}

static void
test_empty(void)
{
    char error[STATE_MESSAGE_SIZE];
    struct stat st;
    struct state state;
    mode_t before = umask(077);

    ok(open_state(&state, false, error) && state.count == 0,
       "no folder, nobody");
    ok(stat(folder, &st) < 0, "and none is made to read");
    ok(!state_save(&state, error, sizeof(error)), "nor anything saved");
    state_close(&state);
    ok(open_state(&state, true, error), "a folder is made (%s)", error);
    is_number(mode_of(folder), 0755, "with its mode, whatever the umask");
    ok(access(file, F_OK) < 0, "and no file before something is saved");
    ok(state_save(&state, error, sizeof(error)), "saved (%s)", error);
    is_number(mode_of(file), 0600, "the file's mode");
    is_text(read_file(), "{\"version\":1,\"accounts\":[]}",
            "and what it says");
    state_close(&state);
    (void) umask(before);
}

static void
test_round_trip(void)
{
    char error[STATE_MESSAGE_SIZE];
    struct state state;

    need(open_state(&state, true, error), error);
    ok(state_put(&state, "alice", "s-1", 1000, 1700000000, STATE_PRESENT),
       "one");
    ok(state_put(&state, "bob", "s-2", 1001, 1700000001, STATE_MAKING),
       "another");
    ok(state_put(&state, "alice.b", "s-3", 70000, 1700000002, STATE_LOCKED),
       "a third");
    ok(state_put(&state, "bob", "s-4", 1003, 1700000003, STATE_FORGOTTEN),
       "one who is forgotten, of a name that is another's now");
    ok(state_note_sync(&state, 1700000009, "2 made\n"), "the sync");
    ok(state_note_refusal(&state, "name", "Al!ce \"\xff", "no\tname"),
       "a refusal");
    ok(state_save(&state, error, sizeof(error)), "saved (%s)", error);
    state_close(&state);
    is_text(read_file(),
            "{\"version\":1,\"accounts\":["
            "{\"name\":\"alice\",\"sub\":\"s-1\",\"uid\":1000,"
            "\"since\":1700000000,\"state\":\"present\"},"
            "{\"name\":\"bob\",\"sub\":\"s-2\",\"uid\":1001,"
            "\"since\":1700000001,\"state\":\"making\"},"
            "{\"name\":\"alice.b\",\"sub\":\"s-3\",\"uid\":70000,"
            "\"since\":1700000002,\"state\":\"locked\"},"
            "{\"name\":\"bob\",\"sub\":\"s-4\",\"uid\":1003,"
            "\"since\":1700000003,\"state\":\"forgotten\"}],"
            "\"last_sync\":{\"time\":1700000009,\"result\":\"2 made?\","
            "\"refused\":[{\"id\":\"name\",\"name\":\"Al!ce \\\"?\","
            "\"why\":\"no?name\"}]}}",
            "what it says");
    need(open_state(&state, false, error), error);
    if (is_number((int64_t) state.count, 4, "all of them are there")) {
        is_text(state.entries[2].name, "alice.b", "name");
        is_text(state.entries[2].sub, "s-3", "sub");
        is_number(state.entries[2].uid, 70000, "uid");
        is_number(state.entries[2].since, 1700000002, "since");
        ok(state.entries[2].kind == STATE_LOCKED, "kind");
    }
    is_number(state.last_time, 1700000009, "time of the sync");
    is_text(state.last_result, "2 made?", "its result");
    if (is_number((int64_t) state.refusal_count, 1, "its refusal")) {
        is_text(state.refusals[0].id, "name", "id");
        is_text(state.refusals[0].name, "Al!ce \"?", "name");
        is_text(state.refusals[0].why, "no?name", "why");
    }
    ok(!state_save(&state, error, sizeof(error)),
       "what was opened to be read is not saved");
    state_close(&state);
}

static void
test_put(void)
{
    char error[STATE_MESSAGE_SIZE];
    struct state state;

    (void) unlink(file);
    need(open_state(&state, true, error), error);
    ok(state_put(&state, "alice", "s-1", 1000, 1, STATE_MAKING), "one");
    ok(state_put(&state, "alice", "s-1", 1007, 1, STATE_MAKING),
       "another uid before it is made");
    ok(state_put(&state, "alice", "s-1", 1000, 1, STATE_MAKING), "and back");
    ok(state_put(&state, "alice", "s-1", 1000, 2, STATE_PRESENT),
       "made in the end");
    is_number((int64_t) state.count, 1, "which is the same one");
    ok(!state_put(&state, "alice", "s-1", 1001, 2, STATE_PRESENT),
       "a sub keeps its uid");
    ok(!state_put(&state, "bob", "s-2", 1000, 2, STATE_PRESENT),
       "a uid is given once");
    ok(!state_put(&state, "alice", "s-2", 1001, 2, STATE_PRESENT),
       "a name is one person's");
    ok(!state_put(&state, "root", "s-3", 0, 2, STATE_PRESENT), "not root's");
    ok(!state_put(&state, "sys", "s-3", 999, 2, STATE_PRESENT),
       "nor a system account's");
    ok(!state_put(&state, "x", "s-3", (uid_t) -1, 2, STATE_PRESENT),
       "nor nobody's");
    ok(!state_put(&state, "a:b", "s-3", 1003, 2, STATE_PRESENT),
       "no name of two fields");
    ok(!state_put(&state, "..", "s-3", 1003, 2, STATE_PRESENT),
       "no folder above");
    ok(!state_put(&state, "c", "s 3", 1003, 2, STATE_PRESENT),
       "no sub with a blank");
    ok(!state_put(&state, "c", "", 1003, 2, STATE_PRESENT), "nor none");
    is_number((int64_t) state.count, 1, "and nothing of that is there");
    ok(state_put(&state, "alice", "s-1", 1000, 3, STATE_FORGOTTEN),
       "forgotten");
    ok(state_of_name(&state, "alice") == NULL, "its name is free");
    ok(state_of_sub(&state, "s-1") != NULL, "its sub is known");
    ok(!state_put(&state, "bob", "s-2", 1000, 3, STATE_PRESENT),
       "its uid is not free");
    ok(state_put(&state, "alice", "s-2", 1001, 3, STATE_PRESENT),
       "another of that name");
    ok(!state_put(&state, "alice", "s-1", 1000, 3, STATE_PRESENT),
       "not both of them");
    ok(state_put(&state, "ally", "s-1", 1000, 4, STATE_MAKING),
       "the former by another name");
    is_text(state_of_sub(&state, "s-1")->name, "ally", "has it");
    is_text(state_of_name(&state, "alice")->sub, "s-2", "and the other's is");
    state_close(&state);
}

#define ACCOUNT(name, sub, uid, state)                                        \
    "{\"name\":" name ",\"sub\":" sub ",\"uid\":" uid                         \
    ",\"since\":1,\"state\":" state "}"
#define ACCOUNTS(list) "{\"version\":1,\"accounts\":[" list "]}"
#define GOOD ACCOUNT("\"a\"", "\"s\"", "1000", "\"present\"")

static void
test_damage(void)
{
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"", "damaged: not JSON"},
        {"{\"version\":1,\"acc", "damaged: not JSON"},
        {"{\"version\":1,\"version\":1,\"accounts\":[]}", "damaged: not JSON"},
        {"[]", "damaged: not this tool's file"},
        {"{}", "damaged: not this tool's file"},
        {"{\"version\":1}", "damaged: not this tool's file"},
        {"{\"version\":\"1\",\"accounts\":[]}",
         "damaged: not this tool's file"},
        {"{\"version\":1,\"accounts\":{}}", "damaged: not this tool's file"},
        {"{\"version\":2,\"accounts\":[]}",
         "of version 2, this tool knows version 1"},
        {"{\"version\":0,\"accounts\":[]}",
         "of version 0, this tool knows version 1"},
        {ACCOUNTS("1"), "damaged: account 1"},
        {ACCOUNTS(GOOD ",{}"), "damaged: account 2"},
        {ACCOUNTS(ACCOUNT("\"../x\"", "\"s\"", "1000", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"-r\"", "\"s\"", "1000", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("7", "\"s\"", "1000", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s t\"", "1000", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"\"", "1000", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "0", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "999", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "-1", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "4294967295", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "4294968296", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "\"1000\"", "\"present\"")),
         "damaged: account 1"},
        {ACCOUNTS(ACCOUNT("\"a\"", "\"s\"", "1000", "\"there\"")),
         "damaged: account 1"},
        {ACCOUNTS(GOOD "," GOOD),
         "damaged: a sub, a uid or a name stands in it twice"},
        {ACCOUNTS(GOOD "," ACCOUNT("\"b\"", "\"s\"", "1001", "\"present\"")),
         "damaged: a sub, a uid or a name stands in it twice"},
        {ACCOUNTS(GOOD "," ACCOUNT("\"b\"", "\"t\"", "1000", "\"forgotten\"")),
         "damaged: a sub, a uid or a name stands in it twice"},
        {ACCOUNTS(GOOD "," ACCOUNT("\"a\"", "\"t\"", "1001", "\"locked\"")),
         "damaged: a sub, a uid or a name stands in it twice"},
        {"{\"version\":1,\"accounts\":[],\"last_sync\":1}",
         "damaged: last_sync"},
        {"{\"version\":1,\"accounts\":[],\"last_sync\":{\"time\":1,"
         "\"result\":\"x\"}}",
         "damaged: last_sync"},
        {"{\"version\":1,\"accounts\":[],\"last_sync\":{\"time\":1,"
         "\"result\":\"x\",\"refused\":[{\"id\":\"x\"}]}}",
         "damaged: last_sync"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_file(rows[i].text, 0600);
        is_refused(STATE_FILE, rows[i].problem, rows[i].text);
        is_text(read_file(), rows[i].text, "and it is as it was");
    }
}

static void
test_foreign(void)
{
    static const char wanted[] = "must be a file of root's with mode 0600";
    char error[STATE_MESSAGE_SIZE], elsewhere[160];
    struct state state;

    write_file(ACCOUNTS(GOOD), 0640);
    is_refused(STATE_FILE, wanted, "readable to a group");
    write_file(ACCOUNTS(GOOD), 0602);
    is_refused(STATE_FILE, wanted, "writable to others");
    (void) unlink(file);
    need(mkdir(file, 0700) == 0, "a folder in its place");
    is_refused(STATE_FILE, wanted, "a folder");
    need(rmdir(file) == 0, "rmdir");
    (void) snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
    write_file(ACCOUNTS(GOOD), 0600);
    need(rename(file, elsewhere) == 0 && symlink("elsewhere", file) == 0,
         "a link");
    is_refused(STATE_FILE, "Too many levels of symbolic links", "a link");
    need(unlink(file) == 0 && rename(elsewhere, file) == 0, "back");
    if (geteuid() == 0) {
        need(chown(file, 1, 1) == 0, "chown");
        is_refused(STATE_FILE, wanted, "somebody else's");
        need(chown(file, 0, 0) == 0, "chown");
    }
    need(chmod(folder, 0775) == 0, "chmod");
    is_refused("", "must belong to root and be writable to nobody else",
               "a folder that a group may write");
    need(chmod(folder, 0755) == 0, "chmod");
    ok(!state_open(&state, folder, geteuid() + 1, false, error, sizeof(error)),
       "somebody else's folder: %s", error);
    state_close(&state);
    need(open_state(&state, false, error), error);
    is_number((int64_t) state.count, 1, "as it should be it is read");
    state_close(&state);
}

static void
test_lock(void)
{
    char error[STATE_MESSAGE_SIZE], wanted[STATE_MESSAGE_SIZE];
    struct state one, two;
    int status;
    pid_t pid;

    need(open_state(&one, true, error), error);
    ok(!open_state(&two, true, error), "one at a time");
    (void) snprintf(wanted, sizeof(wanted),
                    "%s: another process of this tool is at work, number %ld",
                    lock, (long) getpid());
    is_text(error, wanted, "which says who");
    state_close(&two);
    ok(open_state(&two, false, error), "others may read");
    state_close(&two);
    state_close(&one);
    ok(open_state(&one, true, error), "the next one (%s)", error);
    state_close(&one);
    is_number(mode_of(lock), 0600, "the lock's mode");
    pid = fork();
    need(pid >= 0, "a process");
    if (pid == 0) {
        (void) open_state(&one, true, error);
        (void) raise(SIGKILL);
    }
    need(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status), "killed");
    ok(open_state(&one, true, error), "after one that was killed (%s)", error);
    state_close(&one);
    need(chmod(lock, 0666) == 0, "chmod");
    ok(!open_state(&one, true, error) && strstr(error, "0600") != NULL,
       "a lock that others could hold: %s", error);
    state_close(&one);
    need(chmod(lock, 0600) == 0, "chmod");
}

/* A disk that is full: what was there stays, and nothing else is left. */
static void
test_full(void)
{
    char error[STATE_MESSAGE_SIZE], beside[200];
    struct rlimit before, none;
    struct state state;
    char name[16], sub[16];
    bool done;

    write_file(ACCOUNTS(GOOD), 0600);
    need(open_state(&state, true, error), error);
    for (unsigned int i = 0; i < 100; i++) {
        (void) snprintf(name, sizeof(name), "p%u", i);
        (void) snprintf(sub, sizeof(sub), "s%u", i);
        need(state_put(&state, name, sub, 2000 + i, 1, STATE_PRESENT),
             "an entry");
    }
    need(getrlimit(RLIMIT_FSIZE, &before) == 0
             && signal(SIGXFSZ, SIG_IGN) != SIG_ERR,
         "a limit");
    none = (struct rlimit){1000, before.rlim_max};
    need(setrlimit(RLIMIT_FSIZE, &none) == 0, "a limit");
    done = state_save(&state, error, sizeof(error));
    need(setrlimit(RLIMIT_FSIZE, &before) == 0, "no limit");
    ok(!done && strcmp(error, "accounts.json: File too large") == 0,
       "does not fit: %s", error);
    is_text(read_file(), ACCOUNTS(GOOD), "what was there is there");
    (void) snprintf(beside, sizeof(beside), "%s/.accounts.json.new", folder);
    ok(access(beside, F_OK) < 0, "and nothing beside it");
    ok(state_save(&state, error, sizeof(error)), "then it fits (%s)", error);
    state_close(&state);
    need(open_state(&state, false, error), error);
    is_number((int64_t) state.count, 101, "and all of it is there");
    state_close(&state);
}

static void
test_index(void)
{
    struct index index = {0};

    need(index_reserve(&index, 5), "memory");
    index_add(&index, "b", 0, 3);
    index_add(&index, "a", 0, 1);
    index_add(&index, "b", 0, 2);
    index_add(&index, "b", 1, 4);
    ok(!index_sort(&index), "one twice");
    ok(index_find(&index, "b", 0) == 2, "the first of two");
    ok(index_find(&index, "b", 1) == 4, "by number");
    ok(index_find(&index, "a", 0) == 1, "another");
    ok(index_find(&index, "a", 1) == INDEX_NONE, "none of that number");
    ok(index_find(&index, "c", 0) == INDEX_NONE, "none of that text");
    ok(index_is_twin(&index, "b", 0), "there are two");
    ok(!index_is_twin(&index, "b", 1), "there is one");
    ok(!index_is_twin(&index, "0", 0), "there is none");
    index_free(&index);
    need(index_reserve(&index, 0), "memory");
    ok(index_sort(&index) && index_find(&index, "", 0) == INDEX_NONE,
       "an empty one");
    index_free(&index);
}

int
main(void)
{
    need(mkdtemp(above) != NULL, "a folder");
    (void) snprintf(folder, sizeof(folder), "%s/pam_cognito", above);
    (void) snprintf(file, sizeof(file), "%s/accounts.json", folder);
    (void) snprintf(lock, sizeof(lock), "%s/accounts.lock", folder);
    test_empty();
    test_round_trip();
    test_put();
    test_damage();
    test_foreign();
    test_lock();
    test_full();
    test_index();
    (void) unlink(file);
    (void) unlink(lock);
    (void) rmdir(folder);
    (void) rmdir(above);
    return done_testing();
}
