// amazon-cognito-identity-js against the local user pool: SRP with AWS's own
// arithmetic, new password, TOTP, refresh, and remembered devices.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import identity from "amazon-cognito-identity-js";
import { check, control, lastCode, totp } from "./tap.mjs";

const { AuthenticationDetails, CognitoUser, CognitoUserPool } = identity;

class Memory {
  constructor() { this.items = new Map(); }
  setItem(key, value) { this.items.set(key, value); return value; }
  getItem(key) { return this.items.get(key) ?? null; }
  removeItem(key) { return this.items.delete(key); }
  clear() { this.items.clear(); }
}

function newUser(Username, { pool = "eu-west-1_Local0001", client = "localpublic0000000000000001",
  Storage = new Memory() } = {}) {
  const Pool = new CognitoUserPool(
    { UserPoolId: pool, ClientId: client, endpoint: process.env.POOL_ENDPOINT, Storage });
  return new CognitoUser({ Username, Pool, Storage });
}

const strict = () => ({
  pool: "eu-west-1_Strict001", client: "strictpublic000000000000001", Storage: new Memory(),
});

/** Resolves with [name of the callback, its arguments]. */
function outcome(start) {
  return new Promise((resolve, reject) => {
    const names = ["onSuccess", "newPasswordRequired", "totpRequired", "mfaRequired", "mfaSetup",
      "selectMFAType", "customChallenge", "associateSecretCode"];
    const callbacks = Object.fromEntries(
      names.map((name) => [name, (...values) => resolve([name, ...values])]));
    start({ ...callbacks, onFailure: reject });
  });
}

function signIn(user, Password, details = {}) {
  const given = new AuthenticationDetails({ Username: user.getUsername(), Password, ...details });
  return outcome((callbacks) => user.authenticateUser(given, callbacks));
}

function call(user, name, ...values) {
  return new Promise((resolve, reject) => {
    user[name](...values, (error, result) => (error ? reject(error) : resolve(result)));
  });
}

await check("SRP sign-in", async () => {
  const user = newUser("alice");
  const [name, session] = await signIn(user, "Correct-Horse-9");
  assert.equal(name, "onSuccess");
  assert.equal(session.getIdToken().payload["cognito:username"], "alice");
  assert.equal(session.isValid(), true);
  const attributes = await call(user, "getUserAttributes");
  assert.ok(attributes.some((a) => a.getName() === "email"));
});

await check("SRP twenty times (sign bytes, lengths)", async () => {
  for (let i = 0; i < 20; i++) {
    assert.equal((await signIn(newUser("bob"), "Battery-Staple-7"))[0], "onSuccess");
  }
});

await check("SRP with a password outside ASCII", async () => {
  assert.equal((await signIn(newUser("zoe"), "Pässwörd-日本-😀1"))[0], "onSuccess");
});

await check("SRP in an e-mail pool", async () => {
  const user = newUser("sybil@example.com",
    { pool: "eu-west-1_Email0001", client: "emailpublic0000000000000001" });
  const [name, session] = await signIn(user, "Sybil-Mail-21");
  assert.equal(name, "onSuccess");
  assert.equal(session.getIdToken().payload["cognito:username"],
    "7a1c9e52-3d4b-4f60-9a8e-0c5d2b7f1e34");
});

await check("SRP with an alias", async () => {
  const user = newUser("alice2",
    { pool: "eu-west-1_Alias0001", client: "aliaspublic0000000000000001" });
  const [, session] = await signIn(user, "Mallory-Evil-6");
  assert.equal(session.getAccessToken().payload.username, "mallory");
});

await check("SRP refusals", async () => {
  const refused = (name, password, code) =>
    assert.rejects(signIn(newUser(name), password), (error) => error.code === code);
  await refused("alice", "wrong", "NotAuthorizedException");
  await refused("nobody", "wrong", "NotAuthorizedException");
  await refused("carol", "Not-Confirmed-1", "UserNotConfirmedException");
  await refused("frank", "Must-Reset-1", "PasswordResetRequiredException");
});

await check("password flow", async () => {
  const user = newUser("alice");
  user.setAuthenticationFlowType("USER_PASSWORD_AUTH");
  assert.equal((await signIn(user, "Correct-Horse-9"))[0], "onSuccess");
});

await check("new password required", async () => {
  const user = newUser("erin");
  const [name, attributes] = await signIn(user, "Temporary-Pw-1");
  assert.equal(name, "newPasswordRequired");
  assert.equal(attributes.email, "erin@example.com");
  const [done] = await outcome((callbacks) =>
    user.completeNewPasswordChallenge("Erins-Own-Pw-2", {}, callbacks));
  assert.equal(done, "onSuccess");
  assert.equal((await signIn(newUser("erin"), "Erins-Own-Pw-2"))[0], "onSuccess");
});

await check("TOTP sign-in", async () => {
  const user = newUser("grace");
  assert.equal((await signIn(user, "Grace-Hopper-6"))[0], "totpRequired");
  const code = await totp("grace");
  const [done] = await outcome((callbacks) =>
    user.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA"));
  assert.equal(done, "onSuccess");
});

await check("choosing among MFA methods, then SMS", async () => {
  const user = newUser("judy");
  assert.equal((await signIn(user, "Judy-Chooses-3"))[0], "selectMFAType");
  const [name] = await outcome((callbacks) =>
    user.sendMFASelectionAnswer("SMS_MFA", callbacks));
  assert.equal(name, "mfaRequired");
  const code = await lastCode("judy");
  const [done] = await outcome((callbacks) => user.sendMFACode(code, callbacks));
  assert.equal(done, "onSuccess");
});

await check("custom challenges", async () => {
  const user = newUser("alice");
  user.setAuthenticationFlowType("CUSTOM_AUTH");
  const given = new AuthenticationDetails({ Username: "alice" });
  const [name, shown] = await outcome((callbacks) => user.initiateAuth(given, callbacks));
  assert.equal(name, "customChallenge");
  assert.equal(shown.prompt, "What is the colour of the door?");
  const answer = (text) => outcome((callbacks) =>
    user.sendCustomChallengeAnswer(text, callbacks));
  assert.equal((await answer("green"))[0], "customChallenge");
  assert.equal((await answer("red"))[0], "onSuccess");
});

await check("refresh", async () => {
  const user = newUser("alice");
  const [, session] = await signIn(user, "Correct-Horse-9");
  const fresh = await call(user, "refreshSession", session.getRefreshToken());
  assert.notEqual(fresh.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
  assert.equal(fresh.getRefreshToken().getToken(), session.getRefreshToken().getToken());
});

await check("enrolling TOTP with an access token", async () => {
  const user = newUser("alice");
  await signIn(user, "Correct-Horse-9");
  const [, secret] = await outcome((callbacks) => user.associateSoftwareToken(callbacks));
  const code = await totp("alice", { secret });
  await outcome((callbacks) => user.verifySoftwareToken(code, "phone", callbacks));
  const on = { PreferredMfa: true, Enabled: true };
  await call(user, "setUserMfaPreference", null, on);
  assert.equal((await signIn(newUser("alice"), "Correct-Horse-9"))[0], "totpRequired");
});

await check("TOTP set-up at sign-in", async () => {
  const options = strict();
  const user = newUser("victor", options);
  assert.equal((await signIn(user, "Victor-Enrols-1"))[0], "mfaSetup");
  const [, secret] = await outcome((callbacks) => user.associateSoftwareToken(callbacks));
  const code = await totp("victor", { secret });
  const [done] = await outcome((callbacks) =>
    user.verifySoftwareToken(code, "phone", callbacks));
  assert.equal(done, "onSuccess");
});

await check("device SRP in place of the second factor", async () => {
  const options = strict();
  const user = newUser("grace", options);
  assert.equal((await signIn(user, "Grace-Strict-66"))[0], "totpRequired");
  const code = await totp("grace", { pool: "eu-west-1_Strict001" });
  const [done] = await outcome((callbacks) =>
    user.sendMFACode(code, callbacks, "SOFTWARE_TOKEN_MFA"));
  assert.equal(done, "onSuccess");
  await control("clear");
  assert.equal((await signIn(newUser("grace", options), "Grace-Strict-66"))[0], "onSuccess");
  const { requests } = await control("requests");
  assert.deepEqual(requests.map((r) => r.challenge),
    ["", "PASSWORD_VERIFIER", "DEVICE_SRP_AUTH", "DEVICE_PASSWORD_VERIFIER"]);
});

await check("sign-up, confirm, forgotten and changed password", async () => {
  const user = newUser("otto");
  const email = new identity.CognitoUserAttribute({ Name: "email", Value: "otto@example.com" });
  await call(user.pool, "signUp", "otto", "Ottos-First-Pw-1", [email], null);
  await call(user, "confirmRegistration", await lastCode("otto"), false);
  await new Promise((inputVerificationCode, onFailure) =>
    user.forgotPassword({ onSuccess: inputVerificationCode, onFailure, inputVerificationCode }));
  const code = await lastCode("otto");
  await new Promise((onSuccess, onFailure) =>
    user.confirmPassword(code, "Ottos-Next-Pw-2", { onSuccess, onFailure }));
  await signIn(user, "Ottos-Next-Pw-2");
  await call(user, "changePassword", "Ottos-Next-Pw-2", "Ottos-Last-Pw-3");
  assert.equal((await signIn(newUser("otto"), "Ottos-Last-Pw-3"))[0], "onSuccess");
  await new Promise((onSuccess, onFailure) => user.globalSignOut({ onSuccess, onFailure }));
});
