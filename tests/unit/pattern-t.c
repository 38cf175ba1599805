/*
 * Patterns for user names: what each item takes, and that what is malformed
 * matches nobody.
 *
 * SPDX-License-Identifier: MIT
 */
#include <config.h>

#include "common/pattern.h"

#include "tap.h"

static void
check(const char *pattern, const char *text, bool matches)
{
    ok(pattern_matches(pattern, text) == matches, "%s %s %.20s", pattern,
       matches ? "takes" : "refuses", text[0] == '\0' ? "(nothing)" : text);
}

static void
check_items(void)
{
    check("abc", "abc", true);
    check("abc", "ab", false);
    check("abc", "abcd", false);
    check("abc", "ABC", false);
    check("^abc$", "abc", true);
    check("^abc", "xabc", false);
    check("a.c", "a-c", true);
    check("a.c", "ac", false);
    check(".", "\xff", true);
    check("a\\.c", "a.c", true);
    check("a\\.c", "abc", false);
    check("\\$", "$", true);
    check("a$$", "a$", false);
    check("[a-c]", "b", true);
    check("[a-c]", "d", false);
    check("[a-c]", "-", false);
    check("[^a-c]", "d", true);
    check("[^a-c]", "b", false);
    check("[]a]", "]", true);
    check("[^]a]", "]", false);
    check("[^]a]", "b", true);
    check("[a-]", "-", true);
    check("[a-]", "b", false);
    check("[.*]", "*", true);
    check("[.*]", "x", false);
    check("[\x80-\xff]", "\xc3", true);
    check("[a-z]", "\xe4", false);
}

static void
check_repeats(void)
{
    check("ab?c", "ac", true);
    check("ab?c", "abc", true);
    check("ab?c", "abbc", false);
    check("ab*", "a", true);
    check("ab*", "abbbb", true);
    check("ab+", "a", false);
    check("ab+", "abbb", true);
    check("a{3}", "aa", false);
    check("a{3}", "aaa", true);
    check("a{3}", "aaaa", false);
    check("a{2,}", "a", false);
    check("a{2,}", "aaaaa", true);
    check("a{1,3}", "", false);
    check("a{1,3}", "aaa", true);
    check("a{1,3}", "aaaa", false);
    check("a{0,1}", "", true);
    check("a{0}b", "b", true);
    check("a{0}b", "ab", false);
    /* What the first item takes too much of, the second gets back. */
    check("a*ab", "aaab", true);
    check("[a-z_][a-z0-9_.-]{0,31}", "alice", true);
    check("[a-z_][a-z0-9_.-]{0,31}", "0lice", false);
}

static void
check_bounds(void)
{
    char text[300];
    char pattern[400] = "";

    memset(text, 'a', sizeof(text));
    text[256] = '\0';
    check(".*", text, false);
    ok(pattern_matches(".*.*", text), "256 bytes are the longest text");
    ok(!pattern_matches(".{255}", text), "256 are not 255");
    text[255] = '\0';
    ok(pattern_matches(".{255}", text), "255 are");
    memset(text, 'a', sizeof(text));
    text[257] = '\0';
    ok(!pattern_matches(".*.*", text), "257 are too many");
    for (int i = 0; i < 64; i++)
        strcat(pattern, "a?");
    ok(pattern_is_valid(pattern), "64 items");
    strcat(pattern, "a");
    ok(!pattern_is_valid(pattern), "65 are too many");
    /* A pattern that takes others minutes. */
    text[255] = '\0';
    ok(!pattern_matches("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text),
       "no time is lost in going back");
}

static void
check_malformed(void)
{
    static const char *const malformed[] = {
        "",       "^",        "$",
        "^$",     "[",        "[a",
        "[]",     "[^]",      "[z-a]",
        "[a-",    "\\",       "a\\",
        "*",      "?a",       "+",
        "a**",    "a{",       "a{}",
        "a{,3}",  "a{x}",     "a{3",
        "a{3,",   "a{3,2}",   "a{3,x}",
        "a{256}", "a{1,256}", "a{99999999999}",
        "(a)",    "a|b",      "a^",
        "a$b",    "{3}",      "a)",
    };

    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++)
        ok(!pattern_is_valid(malformed[i])
               && !pattern_matches(malformed[i], "a")
               && !pattern_matches(malformed[i], ""),
           "malformed: %s", malformed[i]);
}

int
main(void)
{
    check_items();
    check_repeats();
    check_bounds();
    check_malformed();
    return done_testing();
}
