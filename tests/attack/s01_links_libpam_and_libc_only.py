# S1: what a host loads with the module is libpam and libc, which it has
# already: no library of ours, no constructor, no thread, no name but PAM's.
# SPDX-License-Identifier: MIT
import re
import subprocess

from suites.faults import find_module

BREAKAGES = [
    ("the module is linked with OpenSSL",
     ("pam_cognito_la_LIBADD", "-lcrypto ..."),
     ("run_state_lock", "OPENSSL_init(); ...", "void OPENSSL_init(void);")),
    ("the module has a constructor",
     ("run_state_lock",
      "...",
      "#include <unistd.h>\n__attribute__((constructor)) static void first(void) { (void) "
      "alarm(0); }")),
    ("the module exports a name of its own",
     ("module.map pam_sm_setcred", "...; call_*"),
     ("call_close",
      "...",
      '__attribute__((visibility("default"))) void call_close(struct call *call);')),
]
HOST = """
import ctypes, os, sys
def libraries():
    with open("/proc/self/maps", encoding="utf-8") as file:
        return {line.split()[-1] for line in file if ".so" in line}
ctypes.CDLL("libpam.so.0")
before = libraries()
ctypes.CDLL(sys.argv[1], mode=os.RTLD_NOW)
print(*sorted(libraries() - before))
print(len(os.listdir("/proc/self/task")))
"""


def tool(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def run(_world, tap):
    module = find_module()
    dynamic = tool("readelf", "-dW", module)
    tap.equal(sorted(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)), ["libc.so.6", "libpam.so.0"],
              "needs libpam and libc")
    # The one pointer that a constructor-less object has is gcc's frame_dummy.
    sections = tool("readelf", "-SW", module)
    sizes = re.findall(r"\.init_array\s+INIT_ARRAY\s+\S+ \S+ (\S+)", sections)
    tap.ok(all(int(size, 16) <= 8 for size in sizes), "has no constructor", sections)
    names = tool("nm", "-D", "--defined-only", module).split()[2::3]
    tap.equal(sorted(name.split("@")[0] for name in names if name.startswith("pam_")),
              ["pam_sm_acct_mgmt", "pam_sm_authenticate", "pam_sm_chauthtok",
               "pam_sm_close_session", "pam_sm_open_session", "pam_sm_setcred"],
              "exports what PAM calls")
    tap.equal([n for n in names if not n.startswith("pam_sm_")], [], "exports nothing else")
    loaded = tool("/usr/bin/python3", "-c", HOST, module).splitlines()
    tap.equal(loaded, [module, "1"], "a host that has libpam gets one file more and no thread")
