# S14: a sign-in is about one name, byte by byte. A user who is exchanged before,
# during or between, another case, a letter that looks the same and a name that
# somebody else took as an alias in the pool let nobody in as another one; and
# people who log in at the same time each get their own answer.
# SPDX-License-Identifier: MIT
from attack.users import Tools, add_account, many_logins, together
from hosts import Pamtester, SshdKeyboard, Su
from people import ALICE, BOB, CAROL, DAVE, WRONG

BREAKAGES = [
    ("PAM_USER is not looked at again", ("is_same_user (strcmp)", "true")),
    ("whom the token names does not matter", ("@named", "named == sent")),
    ("letters are the same in both cases", ("@named", "strcasecmp(named, sent) != 0")),
    ("the name is made small on its way",
     ("format_name (memcpy)",
      "for (size_t i = 0; i < length; i++) out[used + i] = (char) (part[i] >= 'A' && part[i] "
      "<= 'Z' ? part[i] + 32 : part[i])")),
    ("the name ends where ASCII ends",
     ("format_name (memcpy)",
      "while (length > 0 && (part[length - 1] & 0x80) != 0) length--; ...")),
    ("any claim may name the account", ("claim_check (is_fixed)", "true")),
    ("an address need not be verified", ("is_verified", "return true;")),
]
ALIAS = {"user_pool_id": "eu-west-1_Alias0001", "client_id": "aliasclient0000000000000001",
         "secret": "7uj6m4n5b3v2c1x0z9l8k7j6h5g4f3d2s1a0p9o8i7u6y5t4r3e"}
MALLORY = "Mallory-Evil-6"
# As the eye reads them, alice; the last one is alice with something unseen.
LOOK_ALIKES = ["\u0430lice", "al\u0456ce", "\uff41\uff4c\uff49\uff43\uff45", "\u0251lice",
               "alic\u0435", "alice\u200b", "alice\u0301", "alice\u00ad"]
CASES = ["Alice", "ALICE", "alicE"]


def run(world, tap):
    tools = Tools(world)
    for number, name in enumerate([*LOOK_ALIKES, *CASES]):
        add_account(name, 2700 + number, "cognito")
    add_account("mallory", 2750, "cognito")
    exchanged(world, tap, tools)
    alike(world, tap, tools)
    aliases(world, tap, tools)
    at_the_same_time(world, tap, tools)


def check(world, tap, title, report, code, log, asked_about):
    tap.ok(report.code == code and any(log in line for line in report.logs),
           f"{title}: {log}", report)
    tap.equal([r["username"] for r in world.pool.requests("InitiateAuth")], asked_about,
              f"{title}: whom the pool was asked about")


def exchanged(world, tap, tools):
    alice, bob = ALICE.password.encode(), BOB.password.encode()
    tools.forget()
    tools.stack("before", before="user=bob")
    report = tools.ask("before", ALICE.name, alice)
    check(world, tap, "changed before", report, "PAM_AUTH_ERR", "bob: refused: wrong_password",
          ["bob"])
    tools.forget()
    tools.stack("plain")
    for title, arguments in (("usual", ""), ("without warm_up", "warm_up=no"),
                             ("SRP", "auth_flow=user_srp")):
        tools.stack("during", arguments)
        tools.forget()
        report = tools.ask("during", ALICE.name, b"!user bob " + alice)
        check(world, tap, f"changed at the prompt, {title}", report, "PAM_PERM_DENIED",
              "alice: refused: identity_mismatch", ["alice"])
        tools.forget()
        report = tools.ask("during", ALICE.name, b"!user bob " + bob)
        check(world, tap, f"changed at the prompt to whose password it is, {title}", report,
              "PAM_AUTH_ERR", "alice: refused: wrong_password", ["alice"])
    # Two lines of ours with an exchange between them.
    tools.forget()
    tools.stack("between", between="user=bob")
    report = tools.ask("between", ALICE.name, alice)
    tap.equal((report.code, [r["username"] for r in world.pool.requests("InitiateAuth")]),
              ("PAM_AUTH_ERR", ["alice", "bob"]), "changed between: the other one's own sign-in",
              report)
    tap.ok(any("bob: refused: wrong_password" in line for line in report.logs),
           "changed between: is refused", report)


def alike(world, tap, tools):
    """They have accounts, and the settings let their names pass."""
    tools.stack("alike", "username_class=.*")
    for name in [*LOOK_ALIKES, *CASES]:
        tools.forget()
        report = tools.ask("alike", name, ALICE.password.encode())
        check(world, tap, repr(name), report, "PAM_AUTH_ERR", "refused: wrong_password", [name])
    # In this pool case does not matter: the token says whom it is about.
    tools.stack("alike", "username_class=.*")
    world.configure(**ALIAS)
    for name in CASES:
        tools.forget()
        report = tools.ask("alike", name, b"Alias-Alice-1")
        check(world, tap, f"{name}, a pool that does not mind", report, "PAM_PERM_DENIED",
              f"{name}: refused: identity_mismatch", [name])
    report = tools.ask("alike", ALICE.name, b"Alias-Alice-1")
    tap.equal(report.code, "PAM_SUCCESS", "alice herself: in", report)
    # The usual settings do not let such names pass at all.
    tools.stack("alike")
    tools.forget()
    wrong = [name for name in [*LOOK_ALIKES, *CASES]
             if tools.ask("alike", name, b"Alias-Alice-1").code != "PAM_AUTH_ERR"]
    tap.equal((wrong, world.connections()), ([], 0), "by default none of them is asked about")
    world.configure()


def aliases(world, tap, tools):
    """mallory calls himself bob in the pool, by every name that he can set."""
    tools.stack("alias")
    taken = {"email": "bob@example.com", "email_verified": "true", "preferred_username": BOB.name,
             "phone_number": "+15550102222", "phone_number_verified": "true", "name": BOB.name,
             "nickname": BOB.name, "sub": BOB.name, "cognito:username": BOB.name,
             "username": BOB.name}
    world.pool.user("mallory", pool=ALIAS["user_pool_id"], attributes=taken)
    rows = {
        "preferred_username": ({}, "PAM_PERM_DENIED", "bob: refused: identity_mismatch"),
        "e-mail address": ({"username_format": "%u@example.com"}, "PAM_PERM_DENIED",
                           "bob: refused: identity_mismatch"),
        "a claim of his own": ({"account_claim": "preferred_username"}, "PAM_SERVICE_ERR",
                               "bob: refused: configuration"),
        "his name": ({"account_claim": "name"}, "PAM_SERVICE_ERR", "bob: refused: configuration"),
    }
    for title, (settings, code, log) in rows.items():
        tools.forget()
        world.configure(**ALIAS, **settings)
        report = tools.ask("alias", BOB.name, MALLORY.encode())
        tap.ok(report.code == code and any(log in line for line in report.logs),
               f"alias, {title}: {log}", report)
    tools.forget()
    world.configure(**ALIAS, username_format="%u@example.com", account_claim="email")
    world.pool.token(**{"for": "id"}, claims={"email_verified": False})
    report = tools.ask("alias", BOB.name, MALLORY.encode())
    tap.ok(report.code == "PAM_PERM_DENIED" and "email_verified" in report.text,
           "alias, an address that nobody has verified: refused", report)
    # The alias is real: he gets in with it where it is he who is named.
    world.configure(**ALIAS)
    report = tools.ask("alias", "mallory", MALLORY.encode())
    tap.equal(report.code, "PAM_SUCCESS", "mallory: in under his own name", report)
    world.example("su")
    visit = Su(world).attempt(BOB.name, MALLORY)
    tap.equal(visit.who, None, "su: not in as bob", visit)
    world.configure()


def at_the_same_time(world, tap, tools):
    """Eight at once, through one sshd and through eight hosts of their own."""
    world.example("sshd")
    tools.stack("pamtester")
    people = [(ALICE.name, ALICE.password), (ALICE.name, WRONG), (BOB.name, BOB.password),
              (BOB.name, ALICE.password), (CAROL.name, CAROL.password), (DAVE.name, DAVE.password),
              (ALICE.name, ALICE.password), (BOB.name, BOB.password)]
    wanted = [ALICE.name, None, BOB.name, None, None, None, ALICE.name, BOB.name]
    sshd = SshdKeyboard(world)
    sshd.start(*many_logins())
    for title, host in (("sshd", sshd), ("pamtester", Pamtester(world))):
        world.forget()
        visits = together(*((host.attempt, name, typed) for name, typed in people))
        tap.equal([visit.who for visit in visits], wanted,
                  f"{title}, eight at once: each gets his own answer", *visits)
        tap.equal(sorted(r["username"] for r in world.pool.requests("InitiateAuth")),
                  sorted(name for name, _ in people), f"{title}: and asks for himself once")
    sshd.stop()
