# S16: text of the pool and of the helper reaches a terminal and the log without
# anything that steers either, in at most 200 bytes, on one line, never as a
# format; and no line of the log, at "debug" neither, has a password, a code, a
# token, a hash of the client's secret, the secret or a session.
# SPDX-License-Identifier: MIT
import base64
import json
import re

from attack import liar
from attack.users import Tools
from hosts import Sudo
from people import ALICE
from person import Person
from world import POOL, SECRET, command

BREAKAGES = [
    ("escape characters are text", ("unprintable 0x001f", "0x001a")),
    ("C1 is text", ("unprintable 0x009f", "0x007f")),
    ("what turns the direction is text", ("unprintable 0x202e", "0x2029")),
    ("what isolates a direction is text", ("unprintable 0x206f", "0x2065")),
    ("what is no UTF-8 is text",
     ("clean (decode)", "...; if (step == 0) step = 1, character = 'x'")),
    ("the module believes the helper's prompts",
     ("ask_question (text_clean)", '(void) snprintf(clean, sizeof(clean), "%s", prompt)')),
    ("the module believes the helper's messages",
     ("call_tell (text_clean)", '(void) snprintf(clean, sizeof(clean), "%s", text)'),
     ("get_text (text_clean)",
      '(void) snprintf(out, OUTCOME_TEXT_SIZE, "%s", wire_get_text(wire, TEXT_LINE_MAX))',
      "#include <stdio.h>")),
    ("the module believes the helper's log lines",
     ("call_log (text_clean_whole)", '(void) snprintf(clean, sizeof(clean), "%s", line)')),
    ("text of any length", ("TEXT_LINE_MAX", "700")),
    ("a prompt is a format", ('call_ask "%s"', 'prompt, "", "", ""')),
    ("what is answered is logged",
     ("flow_respond (fields)",
      "..., flow->talk->log(flow->talk, TALK_LOG_DEBUG, fields[i].value)")),
    ("the session is logged",
     ("flow_respond (cognito_respond)",
      "flow->talk->log(flow->talk, TALK_LOG_DEBUG, flow->answer.session.data); ...")),
    ("tokens are logged",
     ("judge (cognito_check_id_token)",
      "flow->talk->log(flow->talk, TALK_LOG_DEBUG, result->access_token.data); ...")),
    ("the module logs what was typed",  # 7: LOG_DEBUG
     ("ask_password (pam_set_item)", '(call_log(call, 7, "typed: %s", reply), ...)'),
     ("authtok_get (STATUS_CANCELLED)",
      '...; call_log(call, 7, "typed: %s", password)')),
]
MARK = "Mark-77"
EVIL = (MARK + "\x1b]0;owned\x07\x1b[2J\x1b[31m\r\nFeb 1 su: alice: accepted: ok\x08\x7f"
        "\u009b2J\u0085\u202e\u2066\u2069\u200f\u061c\u2028\ufeff\U000e0041%n%s%s%s")
LONG = EVIL + "L" * 5000
# What may stand in a line: ASCII, and what the tests' own words hold besides.
CLEAN = re.compile(r"[ -~]*")
STACK = "auth required pam_cognito.so {}\naccount required pam_permit.so\n"
NEW = "Fresh-Meadow-42"
ERIN = "erin"


def run(world, tap):
    command("useradd", "-M", "-d", "/", "-u", "2116", "-s", "/bin/sh", "-G", "cognito", ERIN)
    tools = Tools(world)
    for service in ("su", "sudo"):
        world.service(service, STACK.format("debug"))
    from_the_pool(world, tap)
    secrets(world, tap)
    from_the_helper(world, tap, tools)


def dialogue(words, user, *answers):
    """Types the answers, one at each pause after a colon."""
    person = Person(*words, user=user)
    left = list(answers)
    while person.ask(r"[:?] $"):
        if not left:
            person.give_up()
            break
        answer = left.pop(0)
        person.type(answer() if callable(answer) else answer)
    person.finish()
    return person.screen


SU = ["su", ALICE.name, "-c", "echo in"]


def from_the_pool(world, tap):
    pool = world.pool
    first = {"operation": "InitiateAuth"}
    custom = {"tries": 3, "rounds": [{"parameters": {"prompt": LONG}, "answer": "x"}]}

    def error(code, message, operation="InitiateAuth", **more):
        pool.script({"match": {"operation": operation}, "status": 400,
                     "body": {"__type": code, "message": message}, **more})

    def challenge(name, **parameters):
        pool.script({"match": first, "body": {"ChallengeName": name, "Session": "S" * 30,
                                              "ChallengeParameters": parameters}})

    def new_password():
        pool.user(ALICE.name, status="FORCE_CHANGE_PASSWORD")
        error("InvalidPasswordException", LONG, "RespondToAuthChallenge")

    # title: how the pool is prepared, settings, what is typed
    rows = {
        "a trigger's refusal": (lambda: error(
            "UserLambdaValidationException", f"PreAuthentication failed with error {LONG}."),
            {}, [ALICE.password]),
        "an error's message": (lambda: error("InvalidParameterException", LONG), {},
                               [ALICE.password]),
        "an error nobody knows": (lambda: error(LONG, LONG), {}, [ALICE.password]),
        "a challenge nobody knows": (lambda: challenge(EVIL[:40]), {}, [ALICE.password]),
        "where a code was sent": (lambda: challenge(
            "SMS_MFA", CODE_DELIVERY_DESTINATION=LONG, CODE_DELIVERY_DELIVERY_MEDIUM=LONG),
            {}, [ALICE.password, "x", "x", "x", "x", "x"]),
        "a trigger's question": (lambda: pool.set_pool(lambdas={"custom_auth": custom}),
                                 {"auth_flow": "custom"}, ["y"] * 3),
        "why a new password is refused": (new_password, {}, [ALICE.password, NEW, NEW, "", ""]),
        "whom a token names": (lambda: pool.token(**{"for": "id"},
                                                  claims={"cognito:username": EVIL}),
                               {}, [ALICE.password]),
        "an answer's number": (lambda: error(
            "NotAuthorizedException", MARK, headers={"x-amzn-RequestId": MARK + "\x1b[2J\x9bL"}),
            {}, [ALICE.password]),
    }
    for title, (prepare, settings, answers) in rows.items():
        world.forget()
        world.configure(**settings)
        prepare()
        screen = dialogue(SU, "larry", *answers)
        world.log.wait(r"alice: refused", 5)
        clean(tap, title, screen, world.log.all())
    world.configure()


def clean(tap, title, screen, lines):
    ours = [line for line in lines if "pam_cognito" in line]
    shown = screen.split("\n")
    tap.ok(any(MARK in line for line in ours + shown), f"{title}: it did arrive", screen, *lines)
    tap.equal([x for x in shown if not CLEAN.fullmatch(x)], [], f"{title}: a clean screen")
    tap.equal([x for x in lines if not CLEAN.fullmatch(x)], [], f"{title}: a clean log")
    tap.equal([x for x in lines if "Feb 1 su" in x and x not in ours], [],
              f"{title}: no line of the log but ours has it")
    # A text begins with the mark; what is cut has no more than it may have.
    texts = [text for line in ours + shown for text in re.findall(rf"{MARK}.*", line)]
    tap.equal([x for x in texts + shown if len(x) > 200], [], f"{title}: at most 200 bytes")


def from_the_helper(world, tap, tools):
    """One that was taken over: nothing is cleaned before it reaches the module."""
    tools.count(liar.build(world))
    world.service("su", STACK.format("user_pool_id=fake:escapes"))
    world.forget()
    person = Person(*SU, user="larry")
    if person.ask(r"moc(?s:.*)moc"):
        person.type("x")
    person.finish()
    screen = person.screen
    world.log.wait(r"alice: refused", 5)
    tap.ok("owned" in screen and "]0;owned" in "".join(world.log.ours()),
           "the helper: it did arrive", screen)
    tap.ok("%n%s" in screen and "%n%s" in "".join(world.log.ours()),
           "the helper: its text is no format", screen, *world.log.ours())
    tap.equal([x for x in [*screen.split("\n"), *world.log.all()] if not CLEAN.fullmatch(x)], [],
              "the helper: a clean screen and a clean log")
    tap.equal([len(x) for x in screen.split("\n") if len(x) > 200], [], "the helper: short lines")


def secrets(world, tap):
    """A password, a new one and a code, at "debug", right and wrong."""
    pool = world.pool
    world.forget()
    pool.user(ERIN, mfa=["SOFTWARE_TOKEN_MFA"], totp_secret="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
              totp_verified=True)
    codes = []

    def code():
        codes.append(pool.totp(ERIN, pool=POOL))
        return codes[-1]

    words = ["su", ERIN, "-c", "echo in"]
    screens = [dialogue(words, "larry", "Temporary-Pw-1", "Other-Word-31", "Else-Word-32", NEW, NEW,
                        "314159", code)]
    tap.ok(screens[0].endswith("in\n"), "secrets: password, change and code: in", screens[0])
    pool.forget_totp(ERIN)
    for flow in ("user_password", "user_srp"):
        world.configure(auth_flow=flow)
        screens.append(dialogue(words, "larry", "Temporary-Pw-1"))
        screens.append(dialogue(words, "larry", NEW, code))
        pool.forget_totp(ERIN)
    host = Sudo(world)
    screens.append(dialogue(host.words(ALICE.name), ALICE.name, "Guess-Wrong-33", "Guess-Wrong-34",
                            ALICE.password))
    tap.ok("signed in as alice" in screens[-1], "secrets: through sudo: in", screens[-1])
    known = {"Temporary-Pw-1", "Other-Word-31", "Else-Word-32", NEW, "314159", "Guess-Wrong-33",
             "Guess-Wrong-34", ALICE.password, SECRET, *codes}
    sent = set()
    for request in pool.requests():
        sent |= secret_texts(request.get("body"))
    # RevokeToken comes after the answer: some time for it.
    tap.ok(any(len(text) > 300 for text in sent), "secrets: the journal has sessions", *sent)
    tap.ok({NEW, "Temporary-Pw-1", "314159"} <= sent, "secrets: and what was typed", *sent)
    lines = world.log.all()
    tap.ok(len([x for x in lines if "helper: answer: " in x]) > 8, "secrets: debug is on", *lines)
    found = [(text[:40], line) for text in known | sent for line in lines
             if holds(line, text)]
    tap.equal(found, [], "secrets: none is in the log")
    tap.equal([x for x in lines if re.search(r"eyJ[A-Za-z0-9_-]{8}|[A-Za-z0-9+/_-]{60}", x)], [],
              "secrets: nor anything like a token")
    screen = "".join(screens)
    tap.equal([text for text in (known | sent) - {*codes, "314159"} if text in screen], [],
              "secrets: none is on the screen")


def holds(line, text):
    """The text, or its beginning when it is long, also as base64."""
    return text[:24] in line or base64.b64encode(text.encode()).decode().rstrip("=")[:24] in line


def secret_texts(body):
    """All the values of a request, but those that say who asks for what."""
    open_keys = ("USERNAME", "Username", "ClientId", "ChallengeName", "AuthFlow", "TIMESTAMP")
    if isinstance(body, str):
        try:
            return secret_texts(json.loads(body))
        except ValueError:
            return {body} - {""}
    found = set()
    for key, value in (body or {}).items():
        if isinstance(value, dict):
            found |= secret_texts(value)
        elif isinstance(value, str) and value and key not in open_keys:
            found.add(value)
    return found
