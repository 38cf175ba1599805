# What is asked by hand, the same of the service and of the local pool: each answer's
# error, words, headers and shape go into a record by its name; and the points that
# could not be settled without the service go into facts.
# SPDX-License-Identifier: MIT
import base64
import os
import secrets
import sys
import time

from shapes import shape, token_parts
from throwaway import GROUP, App, new_password

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pool"))
import proofs  # noqa: E402  (found through the path just set)
import srp  # noqa: E402

WRONG = "Guessed-Wrong-0"
NOBODY = "nobody-of-that-name"
TRIES = 8  # more than the service lets pass without a lock
# Wrong ones before the right one. A lock after five is of one second, in which the right
# one must come to meet it; later ones are longer, and what comes in them does not count.
WRONG_ONES = (5, 12)
# Of the TIMESTAMP in a proof, against the service's clock.
MINUTES = (-61, -16, -6, -4, 4, 6, 16, 61)
JUNK_SESSION = "AYABe" + "x" * 1000


class Script:
    def __init__(self, service, makers, veil):
        self.service, self.makers, self.veil = service, makers, veil
        self.pool, self.client = makers.main, makers.main.client
        self.record, self.facts, self.faults = {}, {}, makers.faults

    # ---- Asking ----

    def note(self, name, reply, compared=True):
        """compared: the local pool must have answered like this."""
        # Others than Amazon's service have put what was sent into their messages.
        self.veil.add(reply.session, "session")
        if compared:
            self.record[name] = {
                "status": reply.status, "error": reply.code,
                "message": self.veil.clean(reply.message), "shape": shape(reply.body),
                "headers": {key: self.veil.clean(text) if key == "x-amzn-errortype" else "there"
                            for key, text in reply.headers.items()
                            if key.startswith("x-amzn-") or key in ("date", "content-type")}}
            if "content-type" in reply.headers:
                self.record[name]["headers"]["content-type"] = reply.headers["content-type"]
        return reply

    def ask(self, name, operation, compared=True, **body):
        return self.note(name, self.service.post(operation, body), compared)

    def signed(self, name, operation, **body):
        return self.note(name, self.service.post(operation, body, signed=True))

    def hashed(self, username, values, client, over=None):
        proof = client.hash_of(over or username)
        self.veil.add(proof, "hash")
        return {**values, **({"SECRET_HASH": proof} if proof else {})}

    def initiate(self, name, flow, username, pool=None, client=None, over=None, compared=True,
                 **parameters):
        client = client or (pool or self.pool).client
        values = {"USERNAME": username, **parameters} if username else parameters
        return self.ask(name, "InitiateAuth", compared, AuthFlow=flow, ClientId=client.id,
                        AuthParameters=self.hashed(username, values, client, over))

    def sign_in(self, name, username, password=None, pool=None, **more):
        password = (pool or self.pool).passwords[username] if password is None else password
        return self.initiate(name, "USER_PASSWORD_AUTH", username, pool, PASSWORD=password, **more)

    def respond(self, name, challenge, session, username, pool=None, compared=True, **responses):
        client = (pool or self.pool).client
        extra = {"Session": session} if session else {}
        values = self.hashed(username, {"USERNAME": username, **responses}, client)
        return self.ask(name, "RespondToAuthChallenge", compared, ClientId=client.id,
                        ChallengeName=challenge, ChallengeResponses=values, **extra)

    def account(self, name, operation, username, compared=True, **body):
        return self.ask(name, operation, compared, ClientId=self.client.id, Username=username,
                        SecretHash=self.client.hash_of(username), **body)

    def access(self, username, pool=None):
        return self.sign_in("", username, pool=pool, compared=False).result.get("AccessToken", "")

    def said(self, reply):
        return f"{reply.word} {self.veil.clean(reply.message)}".strip()

    # ---- SRP ----

    def srp_start(self, name, username, flow="USER_SRP_AUTH", **more):
        self.proof = srp.Client(secrets.randbits(1024))
        return self.initiate(name, flow, username, SRP_A=f"{self.proof.public:x}", **more)

    def srp_finish(self, name, first, password, minutes=0, compared=True):
        shown = first.parameters
        if "SRP_B" not in shown:
            return first
        username = shown["USER_ID_FOR_SRP"]
        now = time.time() + self.service.clock_differs + minutes * 60
        stamp = proofs.write_time(now)
        signature = self.proof.sign(
            self.pool.id.split("_", 1)[1], username, password, int(shown["SALT"], 16),
            int(shown["SRP_B"], 16), base64.b64decode(shown["SECRET_BLOCK"]), stamp)
        return self.respond(name, "PASSWORD_VERIFIER", first.session, username, compared=compared,
                            PASSWORD_CLAIM_SECRET_BLOCK=shown["SECRET_BLOCK"],
                            PASSWORD_CLAIM_SIGNATURE=signature, TIMESTAMP=stamp)

    # ---- The parts ----

    def run(self):
        """A part that breaks off leaves the others be."""
        self.people()
        for part in (self.passwords, self.by_srp, self.by_choice, self.clients,
                     self.states, self.temporary, self.apps, self.set_up, self.tokens,
                     self.changes, self.recovery, self.sign_up, self.other_pools, self.listings,
                     self.published, self.locks, self.clocks):
            try:
                part()
            except Exception as error:
                self.faults.append(f"{part.__name__}: {type(error).__name__}: "
                                   f"{self.veil.clean(str(error))}")

    def people(self):
        pool = self.pool
        for name in ("ann", "fay", "off", "due", "app", "changer",
                     *(f"{kind}{count}" for kind in ("guessed", "hashes") for count in WRONG_ONES),
                     *(f"clock{number}" for number in range(len(MINUTES)))):
            pool.user(name)
        for name in ("temp", "weak", "early"):
            pool.user(name, permanent=False)
        pool.user("nora")
        pool.give("nora", preferred_username="nick")
        pool.admin("AdminAddUserToGroup", Username="ann", GroupName=GROUP)
        pool.admin("AdminDisableUser", Username="off")
        pool.admin("AdminResetUserPassword", Username="due")
        password = pool.passwords["newbie"] = new_password()
        self.veil.add(password, "password")
        self.account("SignUp", "SignUp", "newbie", Password=password,
                     UserAttributes=[{"Name": "email", "Value": self.makers.mail}])

    def passwords(self):
        reply = self.sign_in("password: right", "ann")
        claims = token_parts(reply.result.get("IdToken", "")) or [{}, {}]
        self.facts["Groups in the ID token"] = claims[1].get("cognito:groups") == [GROUP]
        self.sign_in("password: wrong", "ann", WRONG)
        self.sign_in("password: nobody", NOBODY, WRONG)
        self.sign_in("password: empty", "ann", "")
        self.sign_in("password: longer than any", "ann", "Aa1!" * 65)
        self.initiate("password: no name", "USER_PASSWORD_AUTH", "", PASSWORD=WRONG)
        self.sign_in("alias", "nick", self.pool.passwords["nora"])

    def by_srp(self):
        first = self.srp_start("SRP: begun", "ann")
        self.facts["SRP: a session with PASSWORD_VERIFIER"] = bool(first.session)
        self.srp_finish("SRP: right", first, self.pool.passwords["ann"])
        self.srp_finish("SRP: the same block again", first, self.pool.passwords["ann"])
        self.srp_finish("SRP: wrong", self.srp_start("", "ann", compared=False), WRONG)
        self.srp_finish("SRP: nobody", self.srp_start("SRP: nobody, begun", NOBODY), WRONG)

    def by_choice(self):
        right = self.pool.passwords["ann"]
        first = self.initiate("choice: offered", "USER_AUTH", "ann")
        self.respond("choice: password", "SELECT_CHALLENGE", first.session, "ann",
                     ANSWER="PASSWORD", PASSWORD=right)
        self.initiate("choice: password preferred", "USER_AUTH", "ann",
                      PREFERRED_CHALLENGE="PASSWORD", PASSWORD=right)
        self.initiate("choice: password preferred, wrong", "USER_AUTH", "ann",
                      PREFERRED_CHALLENGE="PASSWORD", PASSWORD=WRONG)
        first = self.srp_start("choice: SRP preferred", "ann", "USER_AUTH",
                               PREFERRED_CHALLENGE="PASSWORD_SRP")
        self.srp_finish("choice: SRP preferred, right", first, right)
        first = self.initiate("choice: nobody", "USER_AUTH", NOBODY)
        self.initiate("choice: temporary password", "USER_AUTH", "temp")
        self.initiate("custom: no triggers", "CUSTOM_AUTH", "ann")
        self.facts["USER_AUTH for nobody"] = first.word

    def clients(self):
        right, bare = self.pool.passwords["ann"], self.pool.bare
        self.sign_in("client without a secret", "ann", client=bare)
        self.ask("hash for a client without a secret", "InitiateAuth", ClientId=bare.id,
                 AuthFlow="USER_PASSWORD_AUTH", AuthParameters={
                     "USERNAME": "ann", "PASSWORD": right, "SECRET_HASH": "x" * 43 + "="})
        self.sign_in("hash over another name", "ann", over="bob")
        self.ask("hash missing", "InitiateAuth", ClientId=self.client.id,
                 AuthFlow="USER_PASSWORD_AUTH",
                 AuthParameters={"USERNAME": "ann", "PASSWORD": right})
        self.ask("client that is not there", "InitiateAuth", ClientId="0" * 26,
                 AuthFlow="USER_PASSWORD_AUTH",
                 AuthParameters={"USERNAME": "ann", "PASSWORD": right})
        self.ask("flow of administrators", "InitiateAuth", ClientId=self.client.id,
                 AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=self.hashed(
                     "ann", {"USERNAME": "ann", "PASSWORD": right}, self.client))
        self.respond("session that is none", "NEW_PASSWORD_REQUIRED", JUNK_SESSION, "ann",
                     NEW_PASSWORD=new_password())

    def states(self):
        found = {}
        for name, title in (("newbie", "unconfirmed"), ("off", "disabled"),
                            ("due", "reset required")):
            found[title] = {how: self.said(self.sign_in(f"{title}: {how} password", name, password))
                            for how, password in (("right", None), ("wrong", WRONG))}
        self.facts["4 States that are told before the password is compared"] = found

    def temporary(self):
        first = self.sign_in("temporary password", "temp")
        chosen = new_password()
        self.veil.add(chosen, "password")
        self.respond("temporary password: replaced", "NEW_PASSWORD_REQUIRED", first.session,
                     "temp", NEW_PASSWORD=chosen)
        self.respond("temporary password: session again", "NEW_PASSWORD_REQUIRED", first.session,
                     "temp", NEW_PASSWORD=chosen)
        first = self.sign_in("temporary password, once more", "weak")
        weak = self.respond("temporary password: weak one", "NEW_PASSWORD_REQUIRED",
                            first.session, "weak", NEW_PASSWORD="weak")
        blank = self.respond("temporary password: one with a blank", "NEW_PASSWORD_REQUIRED",
                             first.session, "weak", NEW_PASSWORD="Aa1! and a blank")
        after = self.respond("temporary password: a good one after a weak one",
                             "NEW_PASSWORD_REQUIRED", first.session, "weak", NEW_PASSWORD=chosen)
        self.facts["2 Session after a new password that is refused"] = [
            weak.word, blank.word, after.word]
        self.facts["Length of a session"] = len(first.session)

    def enrolled(self, name, compared=True):
        """An app for this user, who is asked for its code from then on."""
        token = self.access(name)
        made = self.ask("app: key", "AssociateSoftwareToken", compared, AccessToken=token)
        app = App(made.body.get("SecretCode", "A" * 16))
        if compared:
            self.facts["Key of an app"] = f"{len(app.key)} characters"
            self.ask("app: wrong code", "VerifySoftwareToken", AccessToken=token,
                     UserCode=app.wrong())
        self.ask("app: verified", "VerifySoftwareToken", compared, AccessToken=token,
                 UserCode=app.code(), FriendlyDeviceName="phone")
        self.ask("app: preferred", "SetUserMFAPreference", compared, AccessToken=token,
                 SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True})
        return app

    def apps(self):
        app = self.enrolled("app")
        first = self.sign_in("app: asked for", "app")

        def answer(name, code, **more):
            return self.respond(name, "SOFTWARE_TOKEN_MFA", first.session, "app",
                                SOFTWARE_TOKEN_MFA_CODE=code, **more)
        wrong = [answer("app: wrong", app.wrong()).word, answer("app: wrong again",
                                                                app.wrong()).word]
        code = app.code()
        right = answer("app: right after two wrong ones", code)
        self.facts["1 Session after a wrong code"] = [*wrong, right.word]
        self.ask("app: user", "GetUser", AccessToken=right.result.get("AccessToken", "x"))
        first = self.sign_in("", "app", compared=False)
        answer("app: a code again", code)
        first = self.sign_in("", "app", compared=False)
        self.facts["Wrong codes in a row"] = [
            answer("", app.wrong(), compared=False).word for _ in range(TRIES)]

    def set_up(self):
        pool = self.makers.forced
        pool.user("eve")
        first = self.sign_in("set-up", "eve", pool=pool)
        made = self.ask("set-up: key", "AssociateSoftwareToken", Session=first.session)
        app = App(made.body.get("SecretCode", "A" * 16))
        self.ask("set-up: wrong code", "VerifySoftwareToken", Session=made.session,
                 UserCode=app.wrong())
        done = self.ask("set-up: verified", "VerifySoftwareToken", Session=made.session,
                        UserCode=app.code())
        self.respond("set-up: done", "MFA_SETUP", done.session, "eve", pool=pool)
        pool.user("by-mail")
        first = self.sign_in("", "by-mail", pool=pool, compared=False)
        reply = self.respond("", "MFA_SETUP", first.session, "by-mail", pool=pool, compared=False,
                             EMAIL=self.makers.mail)
        self.facts["6 MFA_SETUP answered with EMAIL, in a pool without Amazon SES"] = \
            self.said(reply)

    def tokens(self):
        result = self.sign_in("", "ann", compared=False).result
        access, refresh = result.get("AccessToken", "x"), result.get("RefreshToken", "x")
        self.facts["Lengths of tokens"] = {key: len(result[key]) for key in
                                           ("AccessToken", "IdToken", "RefreshToken")
                                           if key in result}
        self.ask("user", "GetUser", AccessToken=access)
        self.ask("user: no token", "GetUser", AccessToken="x.y.z")
        self.ask("revoked", "RevokeToken", Token=refresh, ClientId=self.client.id,
                 ClientSecret=self.client.secret)
        self.ask("revoked: the access token", "GetUser", AccessToken=access)
        self.ask("revoked: again", "RevokeToken", Token=refresh, ClientId=self.client.id,
                 ClientSecret=self.client.secret)
        self.ask("revoked: wrong secret", "RevokeToken", Token=refresh, ClientId=self.client.id,
                 ClientSecret="x" * 51)

    def changes(self):
        token, chosen = self.access("changer"), new_password()
        old = self.pool.passwords["changer"]
        self.veil.add(chosen, "password")

        def change(name, before, after):
            self.ask(f"change: {name}", "ChangePassword", AccessToken=token,
                     PreviousPassword=before, ProposedPassword=after)
        change("wrong old one", WRONG, chosen)
        change("weak", old, "weak")
        change("good", old, chosen)
        self.sign_in("change: the old one", "changer")
        self.sign_in("change: the new one", "changer", chosen)

    def recovery(self):
        self.account("forgotten", "ForgotPassword", "fay")
        self.account("forgotten: nobody", "ForgotPassword", NOBODY)
        self.account("forgotten: temporary password", "ForgotPassword", "early")
        self.account("forgotten: unconfirmed", "ForgotPassword", "newbie")
        self.account("forgotten: disabled", "ForgotPassword", "off")
        for name, username in (("wrong code", "fay"), ("nobody", NOBODY)):
            self.account(f"forgotten: {name}, confirmed", "ConfirmForgotPassword", username,
                         ConfirmationCode="000000", Password=new_password())
        self.account("forgotten: weak, confirmed", "ConfirmForgotPassword", "fay",
                     ConfirmationCode="000000", Password="weak")

    def sign_up(self):
        self.account("signing up: taken", "SignUp", "ann", Password=new_password())
        self.account("signing up: weak password", "SignUp", "newer", Password="weak")
        self.account("signing up: wrong code", "ConfirmSignUp", "newbie",
                     ConfirmationCode="000000")
        self.account("signing up: code again", "ResendConfirmationCode", "newbie")
        self.account("signing up: code again, confirmed", "ResendConfirmationCode", "ann")
        self.account("signing up: confirmed twice", "ConfirmSignUp", "ann",
                     ConfirmationCode="000000")

    def other_pools(self):
        pool, typed = self.makers.mail_pool, "Someone@Example.com"
        pool.user(typed, email=typed)
        pool.passwords[typed.lower()] = pool.passwords[typed]
        reply = self.sign_in("mail: in lower case", typed.lower(), pool=pool)
        claims = (token_parts(reply.result.get("IdToken", "")) or [{}, {}])[1]
        self.facts["An address of mixed case, signed in in lower case"] = {
            "address in the token": "as it was made" if claims.get("email") == typed else
            "in lower case" if claims.get("email") == typed.lower() else "another",
            "user name": "the sub" if claims.get("cognito:username") == claims.get("sub")
            else "another"}
        self.sign_in("mail: no address", "someone", WRONG, pool=pool)
        found = {}
        for kind, pool, name in (("ORIGINAL", self.pool, "ann"),
                                 ("UPDATED", self.makers.issuer, "alice")):
            if pool is None:
                continue
            reply = self.sign_in(f"issuer: {kind}", name, pool=pool)
            claims = (token_parts(reply.result.get("IdToken", "")) or [{}, {}])[1]
            found[kind] = self.veil.clean(claims.get("iss", "none"))
        self.facts["5 Issuers"] = found

    def listings(self):
        self.signed("list: users", "ListUsers", UserPoolId=self.pool.id, Limit=60)
        self.signed("list: one", "ListUsers", UserPoolId=self.pool.id, Filter='username = "ann"')
        self.signed("list: group", "ListUsersInGroup", UserPoolId=self.pool.id, GroupName=GROUP)
        self.signed("list: no such group", "ListUsersInGroup", UserPoolId=self.pool.id,
                    GroupName="none")
        self.signed("list: clients", "ListUserPoolClients", UserPoolId=self.pool.id,
                    MaxResults=60)
        self.signed("list: one page of two", "ListUsers", UserPoolId=self.pool.id, Limit=2)

    def published(self):
        for path in ("jwks.json", "openid-configuration"):
            for kind, pool in (("ORIGINAL", self.pool), ("UPDATED", self.makers.issuer)):
                if pool is None:
                    continue
                self.note(f"{path}: {kind}", self.service.get(f"/{pool.id}/.well-known/{path}"))

    def locks(self):
        """Not compared: how long the way is decides how many of the locks are met."""
        for count in WRONG_ONES:
            for name, title, how in (
                    ("guessed", f"Wrong passwords, {count} in a row, then the right one",
                     {"password": WRONG}),
                    ("hashes", f"3 Wrong hashes, {count} in a row, then the right one",
                     {"over": "bob"})):
                self.facts[title] = [*self.in_a_row(f"{name}{count}", count, **how),
                                     *self.in_a_row(f"{name}{count}", 1)]

    def in_a_row(self, username, count, **how):
        found = []
        for _ in range(count):
            reply = self.sign_in("", username, compared=False, **how)
            locked = "attempts exceeded" in reply.message
            hash_fault = "hash" in reply.message.lower()
            found.append("locked" if locked else "hash refused" if hash_fault else reply.word)
        return found

    def clocks(self):
        found = {}
        for number, minutes in enumerate(MINUTES):
            name = f"clock{number}"
            first = self.srp_start("", name, compared=False)
            found[f"{minutes:+d} min"] = self.srp_finish(
                f"SRP: clock {minutes:+d} min", first, self.pool.passwords[name], minutes).word
        self.facts["7 TIMESTAMP against the service's clock"] = found
