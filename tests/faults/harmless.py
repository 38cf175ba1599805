# Calls without which a sign-in with the right password may go on, and why. What
# is not on this list must be a refusal.
# SPDX-License-Identifier: MIT

HARMLESS = {
    # Nothing is kept from before in a new handle; what is kept now is looked at.
    "host handle.c:pam_get_data", "host handle.c:pam_set_data",
    # Whether a file may hold a secret is the helper's question, and it asks.
    "host config.c:fstat",
    # Nothing comes after closing, and nothing was written.
    "host config.c:close", "host file.c:close", "host helper.c:close", "host helper.c:munmap",
    # Closing comes behind it, and says the same.
    "host helper.c:shutdown",
    "helper config.c:close", "helper file.c:close", "helper setup.c:close", "helper sandbox.c:close",
    # Giving the signals back: blocking them before that is not harmless.
    "host helper.c:rt_sigprocmask",
    # Closing ends the helper as well, where no fork of the host has a copy.
    "host helper.c:shutdown",
    # Is there a password in the stack? If not, one is asked for.
    "host authtok.c:pam_get_item",
    # A fresh process, which has another way or what it needs already.
    "birth helper.c:setsid", "birth helper.c:setrlimit", "birth helper.c:getrlimit",
    "birth helper.c:close_range", "birth helper.c:rt_sigaction", "birth helper.c:rt_sigprocmask",
    # One end more of what exec closes: then the program is waited for in vain, for a while.
    "birth helper.c:close",
    # Taken for lowered: then no outage is reported.
    "helper main.c:getrlimit", "helper main.c:getpriority",
    # Not root, which is what a plain user's helper is.
    "helper main.c:getresuid",
    # The limit is set all the same, or that fails.
    "helper sandbox.c:getrlimit",
    # The kernel is one without Landlock; a folder that cannot be listed.
    "helper sandbox.c:landlock_create_ruleset", "helper sandbox.c:fstat",
    # A file or folder that cannot be opened gets no rule: the cage is tighter. Rules for
    # folders must succeed (S9); what then cannot be read is a warning.
    "helper sandbox.c:open", "helper sandbox.c:landlock_add_rule",
    # Libraries' own, which they do without.
    "helper secret.c:malloc",
    # The machine's name stands before the account in an authenticator app, and nowhere else.
    "helper setup.c:gethostname",
    # Connecting ahead of the password is a service, no more.
    "helper http.c:strdup", "helper transfer.c:malloc", "helper intake.c:malloc",
    # The result has arrived; the token is not given back and ends by itself.
    "helper wire_talk.c:shutdown",
}
# That depends on who is faster, or on how nice this process is.
SOMETIMES = {
    # The intermediate has said that its part is done, or not yet.
    "host helper.c:waitpid",
    "helper main.c:sched_getscheduler",
    # A poll without a wait, which is made again.
    "helper transfer.c:poll", "helper http.c:poll",
}
# While except_users is looked for, in a pass of its own ahead of the look-up of
# the account: without the file the arguments alone say whom it excepts.
IN_EXCEPTIONS = {"host file.c:open", "host file.c:openat", "host file.c:fstat",
                 "host file.c:read", "host file.c:readlink", "host file.c:readlinkat"}
# In the second pass: what the first one has done already.
IN_UPDATE = {"host call.c:getresuid", "host call.c:getresgid", "host file.c:openat",
             "host file.c:open", "host file.c:fstat", "host file.c:read"}
