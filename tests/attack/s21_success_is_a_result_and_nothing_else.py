# S21: only HTTP 200 with a result and no challenge is a sign-in: whatever else
# is answered in the pool's place lets nobody in, though the tokens in it are
# the pool's own, good, and name the person.
# SPDX-License-Identifier: MIT
from attack.endpoint import (Authority, Endpoint, Mint, all_at_once, http, server_context,
                             service_name, sign_in)

BREAKAGES = [
    ("the HTTP status does not count", ("take_answer (200)", "false")),
    ("an error in the body or the headers does not count",
     ("take_answer (error_type)", "false"), ('take_answer ("__type")', "false")),
    ("a challenge beside a result does not count",
     ("answer_challenges (is_changed_by_reset)", "... && !flow->answer.has_result"),
     ("judge (challenge)", "false")),
    ("any challenge may come at any point, and a result after it",
     ("challenge_answer (kinds)", "row->kinds == 0")),
]
SESSION = "s" * 40


def challenge(name, **more):
    return {"ChallengeName": name, "Session": SESSION, "ChallengeParameters": {}, **more}


def run(world, tap):
    authority = Authority(world)
    authority.trust()
    context = server_context(authority.leaf())
    mint = Mint(world)
    good = mint.success()

    def job(label, *answers, **answered):
        def do():
            endpoint = Endpoint(context, mint.answer(**answered))
            visit = sign_in(world, service_name(label), endpoint, *answers, conf=settings)
            endpoint.close()
            return visit, len([r for r in endpoint.requests if r.operation == "InitiateAuth"])
        settings = {"auth_flow": answered.pop("flow")} if "flow" in answered else None
        return do

    # label: (HTTP status, body, headers); tests/unit/api-t.c has them all.
    answers = {
        "status 201": ("201 Created", good), "status 302": ("302 Found", good),
        "status 400": ("400 Bad Request", good),
        "error in the body": ("200 OK", {"__type": "NotAuthorizedException", **good}),
        "error that is no text": ("200 OK", {"__type": 0, **good}),
        "error in a header": ("200 OK", good, ["x-amzn-ErrorType: NotAuthorizedException"]),
        "challenge beside the result": ("200 OK", {**good, **challenge("SMS_MFA")}),
        "unknown challenge beside it": ("200 OK", {**good, **challenge("NEW_KIND")}),
        "tokens without a result": ("200 OK", good["AuthenticationResult"]),
    }
    jobs = {label: job(label, InitiateAuth=http(body, status, *headers))
            for label, (status, body, *headers) in answers.items()}

    # A challenge first, then what would be a sign-in.
    def first(name, **more):
        return http(challenge(name, **more))
    jobs["unknown challenge"] = job("unknown challenge", InitiateAuth=first("NEW_KIND"))
    jobs["device challenge"] = job("device challenge", InitiateAuth=first("DEVICE_SRP_AUTH"))
    jobs["challenge without a session, no code"] = job(
        "no session", InitiateAuth=http({"ChallengeName": "NEW_KIND"}))
    jobs["another flow's challenge"] = job(
        "anothers", InitiateAuth=first("CUSTOM_CHALLENGE"))
    jobs["a factor in place of the password"] = job(
        "factor", InitiateAuth=first("SELECT_CHALLENGE", AvailableChallenges=["SMS_OTP"]))
    jobs["result before anything was proved"] = job("unproved", flow="user_srp")
    jobs["result before a custom answer"] = job("custom", flow="custom")
    jobs["result before a choice"] = job("choice", flow="user_auth")
    jobs["code, then a result with an error"] = job(
        "code_error", "Correct-Horse-9", "123456", InitiateAuth=first("SOFTWARE_TOKEN_MFA"),
        RespondToAuthChallenge=http(good, "400 Bad Request"))
    jobs["code, then a first factor"] = job(
        "code_factor", "Correct-Horse-9", "123456", InitiateAuth=first("SOFTWARE_TOKEN_MFA"),
        RespondToAuthChallenge=first("SMS_OTP"))
    controls = {"control": job("control"),
                "control: a code": job("control_code", "Correct-Horse-9", "123456",
                                       InitiateAuth=first("SOFTWARE_TOKEN_MFA"))}
    found = all_at_once({**controls, **jobs})
    for label in controls:
        tap.ok(found[label][0].entered, f"{label}: lets alice in", found[label])
    for label in jobs:
        if isinstance(found[label], Exception):
            tap.ok(False, f"{label}: is an answer", repr(found[label]))
            continue
        visit, tries = found[label]
        tap.ok(not visit.entered and " refused: " in visit.line, f"{label}: nobody is in", visit)
        tap.ok(tries <= 1, f"{label}: tried once", tries)
