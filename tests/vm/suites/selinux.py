# Sign-ins where SELinux enforces our policy, by people who are confined and people
# who are not: sshd, su, sudo, login and cron, and hosts on the socket. Nothing of ours
# is denied, and the helper has a domain of its own.
# SPDX-License-Identifier: MIT
import fcntl
import glob
import os
import re
import termios
import time

from machine import CONF, SETTINGS, command, write
from people import ALICE, BOB, LARRY, WRONG, Somebody
from person import Person

OLIVIA = Somebody("olivia", 2006, password="Olivia-Groups-4", groups="cognito")
# Who is who for SELinux. Others are unconfined, as on a machine that was left as it is.
UNCONFINED = "unconfined_u:unconfined_r:unconfined_t"
CONFINED = [(BOB, "user_u:user_r:user_t"), (OLIVIA, "staff_u:staff_r:staff_t")]
MEMBERS = [(ALICE, UNCONFINED), *CONFINED]
SEUSERS = "/etc/selinux/default/seusers"
AUDIT = "/var/log/audit/audit.log"
RUN = "/run/pam_cognito"
HELPER = "pam_cognito_helper_t"
JOB = "* * * * * echo cron: $(id -Z) | logger"
# What the distribution's policy denies these programs for things of their own: sshd its
# record of logins and the session's keys, cron's jobs the file with their output, sudo the
# lock of its terminal.
HOSTS = r"scontext=\S+:(sshd_t|\w+_su_t|\w+_sudo_t|local_login_t|crond_t|user_t|staff_t):"
KNOWN = r'name="wtmp\.db"|tclass=key |:crond_tmp_t:|\{ lock \}.*:user_devpts_t:'
PROMPT = r"assword[^\n]*: ?$"
SLOW = 120
TTY = 2
SSH = ["ssh", "-tt", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
       "-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=1",
       "-o", "LogLevel=ERROR"]


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def kind(context):
    """user:role:type, without the level."""
    return ":".join(context.strip(" \n\0").split(":")[:3])


def context_of(path):
    return kind(os.getxattr(path, "security.selinux").decode())


def helpers():
    """The types of what is there of a helper: of the worker and its warden."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            name = read(path).strip()
            if name in ("pam_cognito_hel", "cognito_warden"):
                found[name] = kind(read(path[:-4] + "attr/current")).rpartition(":")[2]
        except OSError:  # gone meanwhile
            pass
    return found


class Typist:
    """Answers the prompts of what somebody started, and looks who waits at each."""

    def __init__(self, *words, user=None):
        self.person = Person(*words, user=user)
        self.seen = []

    def answer(self, *answers):
        for text in answers:
            self.person.wait_for(PROMPT, SLOW)
            self.seen.append(helpers())
            self.person.type(text)
        return self.person.finish(SLOW)


def whole(typist):
    return [typist.person.screen, *denied()[-20:]]


def ssh(machine, tap, title, who, password, wanted, words="id -Z", answers=()):
    """A session in which a command asks for more; wanted: what it prints, or None."""
    machine.forget()
    cursor = machine.cursor()
    typist = Typist(*SSH, f"{who.name}@127.0.0.1", words)
    status = typist.answer(password, *answers)
    if wanted is None:
        tap.ok(status != 0 and machine.wait_for_line(cursor, "refused: wrong_password"),
               f"{title}: refused", *whole(typist), *machine.journal(cursor))
    else:
        tap.ok(status == 0 and wanted in typist.person.screen, f"{title}: in, as {wanted}",
               status, *whole(typist))
    return typist


def confined_helpers(tap, title, typist):
    tap.equal(typist.seen[-1], {"pam_cognito_hel": HELPER, "cognito_warden": HELPER},
              f"{title}: the helper has its domain")


def denied():
    """What was denied to the helper, or to programs that run the module, since the start."""
    return [line for line in read(AUDIT).splitlines()
            if re.search(r"denied|SELINUX_ERR", line)
            and ("cognito" in line or re.search(HOSTS, line)) and not re.search(KNOWN, line)]


def run(machine, tap):
    OLIVIA.create(command)
    with open(SEUSERS, "a", encoding="utf-8") as file:
        for who, context in CONFINED:
            file.write(f"{who.name}:{context.partition(':')[0]}:s0-s0\n")
    tap.equal(read("/sys/fs/selinux/enforce"), "1", "SELinux enforces")
    tap.ok("pam_cognito\n" in command("semodule", "-l"), "our policy is loaded")
    tap.equal(context_of("/usr/libexec/pam_cognito_helper"),
              "system_u:object_r:pam_cognito_helper_exec_t", "the helper is labelled")
    for who, context in MEMBERS:
        member(machine, tap, who, context)
    ssh(machine, tap, "sshd, larry, a local user", LARRY, LARRY.unix_password, UNCONFINED)
    tap.equal(context_of(RUN), "system_u:object_r:pam_cognito_runtime_t", f"{RUN} has its type")
    tap.ok(any(name.startswith("breaker") for name in os.listdir(RUN)), "and is in use",
           os.listdir(RUN))
    for who, context in MEMBERS:
        login(machine, tap, who, context)
    for who, context in MEMBERS:
        tap.ok(machine.wait_for_line(None, f"^cron: {context}", SLOW),
               f"cron, {who.name}: runs, as {context}")
    socket(machine, tap)
    tap.none(denied(), "nothing of ours was denied")


def member(machine, tap, who, context):
    title = f"{who.name}, {context}"
    typist = ssh(machine, tap, f"sshd, {title}", who, who.password, context,
                 f"echo '{JOB}' | crontab - && id -Z")
    confined_helpers(tap, f"sshd, {title}", typist)
    ssh(machine, tap, f"sshd, {title}, wrong", who, WRONG, None)
    other = BOB if who != BOB else ALICE
    typist = ssh(machine, tap, f"su, {title}", who, who.password, context,
                 f"su {other.name} -c 'id -Z'", [other.password])
    confined_helpers(tap, f"su, {title}", typist)
    ssh(machine, tap, f"su, {title}, wrong", who, who.password, None,
        f"su {other.name} -c 'id -Z'", [WRONG])
    typist = ssh(machine, tap, f"sudo, {title}", who, who.password, "uid=0(root)", "sudo -k id",
                 [who.password])
    confined_helpers(tap, f"sudo, {title}", typist)
    ssh(machine, tap, f"sudo, {title}, wrong", who, who.password, None,
        "sudo -k id", [WRONG])


def screen():
    try:
        text = read(f"/dev/vcs{TTY}")
    except FileNotFoundError:  # until somebody has the terminal open
        return ""
    return "\n".join(text[at:at + 80].rstrip() for at in range(0, len(text), 80)).rstrip("\n")


def on_console(wanted, text=""):
    """Types there once it shows what is wanted."""
    end = time.monotonic() + SLOW
    while not re.search(wanted, screen()):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    found = helpers()
    with open(f"/dev/tty{TTY}", "wb", buffering=0) as terminal:
        for letter in text:
            fcntl.ioctl(terminal, termios.TIOCSTI, letter.encode())
    return found or True


def login(machine, tap, who, context):
    title = f"login, {who.name}"
    machine.forget()
    command("systemctl", "restart", f"getty@tty{TTY}.service")
    on_console(r"login:$", who.name + "\n")
    found = on_console(r"assword:$", who.password + "\n")
    tap.equal(found, {"pam_cognito_hel": HELPER, "cognito_warden": HELPER},
              f"{title}: the helper has its domain", screen())
    on_console(r"\$$", "id -Z\n")
    tap.ok(on_console(re.escape(context)), f"{title}: in, as {context}", screen())
    on_console(r"\$$", "exit\n")


def socket(machine, tap):
    machine.switch(True)
    write(CONF, SETTINGS + "[sshd]\nstart = socket\n")
    for who, context in MEMBERS:
        typist = ssh(machine, tap, f"socket, sshd, {who.name}", who, who.password, context)
        confined_helpers(tap, f"socket, sshd, {who.name}", typist)
        ssh(machine, tap, f"socket, sshd, {who.name}, wrong", who, WRONG, None)
        typist = ssh(machine, tap, f"socket, a host of {who.name}'s", who, who.password,
                     "successfully authenticated",
                     f"pamtester only {who.name} authenticate", [who.password])
        confined_helpers(tap, f"socket, a host of {who.name}'s", typist)
    write(CONF, SETTINGS)
    machine.switch(False)
