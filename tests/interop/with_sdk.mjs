// AWS's JavaScript SDK against the local user pool: the operations the command
// line is too old for, and the same sign-in once more through another client.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import { check, control, lastCode, totp } from "./tap.mjs";

const ClientId = "localclient0000000000000001";
const secret = "1kq0v9d8c7b6a5z4y3x2w1v0u9t8s7r6q5p4o3n2m1l0k9j8h7g";
const rotating = "localrotate0000000000000001";
const rotatingSecret = "4qa3z2w1s0x9e8d7c6r5f4v3t2g1b0y9h8n7u6j5m4i3k2o1l0p";

const client = new sdk.CognitoIdentityProviderClient({
  region: "eu-west-1",
  endpoint: process.env.POOL_ENDPOINT,
  maxAttempts: 1,
});

function secretHash(username, id = ClientId, key = secret) {
  return createHmac("sha256", key).update(username + id).digest("base64");
}

function initiate(AuthFlow, username, parameters = {}, more = {}) {
  return client.send(new sdk.InitiateAuthCommand({
    AuthFlow,
    ClientId,
    AuthParameters: { USERNAME: username, SECRET_HASH: secretHash(username), ...parameters },
    ...more,
  }));
}

function respond(ChallengeName, username, Session, responses) {
  return client.send(new sdk.RespondToAuthChallengeCommand({
    ClientId,
    ChallengeName,
    Session,
    ChallengeResponses: { USERNAME: username, SECRET_HASH: secretHash(username), ...responses },
  }));
}

async function signIn(username, password) {
  return initiate("USER_PASSWORD_AUTH", username, { PASSWORD: password });
}

const account = (username) => ({ ClientId, Username: username, SecretHash: secretHash(username) });

await check("sign-in and GetUser", async () => {
  const { AuthenticationResult: result, $metadata } = await signIn("alice", "Correct-Horse-9");
  assert.match($metadata.requestId, /^[0-9a-f-]{36}$/);
  const user = await client.send(new sdk.GetUserCommand({ AccessToken: result.AccessToken }));
  assert.equal(user.Username, "alice");
});

await check("errors become typed exceptions", async () => {
  await assert.rejects(signIn("alice", "wrong"), (error) =>
    error instanceof sdk.NotAuthorizedException &&
    error.message === "Incorrect username or password.");
  await assert.rejects(signIn("frank", "wrong"), sdk.PasswordResetRequiredException);
  await assert.rejects(signIn("carol", "Not-Confirmed-1"), sdk.UserNotConfirmedException);
});

await check("every spelling of an error is understood", async () => {
  for (const error_style of ["namespaced", "capital", "header"]) {
    await control("pool", { set: { settings: { error_style } } });
    await assert.rejects(signIn("bob", "wrong"), sdk.NotAuthorizedException);
  }
  await control("pool", { set: { settings: { error_style: "plain" } } });
});

await check("throttling and a WAF block", async () => {
  await control("fault", { kind: "throttle_400" });
  await assert.rejects(signIn("alice", "x"), sdk.TooManyRequestsException);
  await control("fault", { kind: "waf_403" });
  await assert.rejects(signIn("alice", "x"), (error) =>
    error instanceof sdk.ForbiddenException && error.$metadata.httpStatusCode === 403);
});

await check("USER_AUTH offers a choice", async () => {
  const first = await initiate("USER_AUTH", "alice");
  assert.equal(first.ChallengeName, "SELECT_CHALLENGE");
  assert.deepEqual(first.AvailableChallenges, ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP"]);
  const second = await respond("SELECT_CHALLENGE", "alice", first.Session, { ANSWER: "EMAIL_OTP" });
  assert.equal(second.ChallengeName, "EMAIL_OTP");
  const done = await respond("EMAIL_OTP", "alice", second.Session,
    { EMAIL_OTP_CODE: await lastCode("alice") });
  assert.ok(done.AuthenticationResult.IdToken);
});

await check("USER_AUTH with a preferred password", async () => {
  const done = await initiate("USER_AUTH", "alice",
    { PREFERRED_CHALLENGE: "PASSWORD", PASSWORD: "Correct-Horse-9" });
  assert.ok(done.AuthenticationResult.AccessToken);
});

await check("sign-up goes on to tokens", async () => {
  const made = await client.send(new sdk.SignUpCommand({
    ...account("lena"),
    Password: "Lenas-First-Pw-1",
    UserAttributes: [{ Name: "email", Value: "lena@example.com" }],
  }));
  assert.equal(made.UserConfirmed, false);
  const confirmed = await client.send(new sdk.ConfirmSignUpCommand({
    ...account("lena"),
    ConfirmationCode: await lastCode("lena"),
    Session: made.Session,
  }));
  const done = await initiate("USER_AUTH", "lena", {}, { Session: confirmed.Session });
  assert.ok(done.AuthenticationResult.AccessToken);
});

await check("sign-up twice", async () => {
  await assert.rejects(
    client.send(new sdk.SignUpCommand({ ...account("alice"), Password: "Another-Alice-1" })),
    sdk.UsernameExistsException);
});

await check("enrolling TOTP through a session", async () => {
  const id = "strictclient000000000000001";
  const hash = secretHash("victor", id, "8ik7o6l5p4m3n2b1v0c9x8z7a6s5d4f3g2h1j0q9w8e7r6t5y4u");
  const first = await client.send(new sdk.InitiateAuthCommand({
    AuthFlow: "USER_PASSWORD_AUTH",
    ClientId: id,
    AuthParameters: { USERNAME: "victor", PASSWORD: "Victor-Enrols-1", SECRET_HASH: hash },
  }));
  assert.equal(first.ChallengeName, "MFA_SETUP");
  const given = await client.send(
    new sdk.AssociateSoftwareTokenCommand({ Session: first.Session }));
  const UserCode = await totp("victor", { secret: given.SecretCode });
  const verified = await client.send(
    new sdk.VerifySoftwareTokenCommand({ Session: given.Session, UserCode }));
  assert.equal(verified.Status, "SUCCESS");
  const done = await client.send(new sdk.RespondToAuthChallengeCommand({
    ClientId: id,
    ChallengeName: "MFA_SETUP",
    Session: verified.Session,
    ChallengeResponses: { USERNAME: "victor", SECRET_HASH: hash },
  }));
  assert.ok(done.AuthenticationResult.NewDeviceMetadata.DeviceKey);
});

await check("e-mail as MFA preference", async () => {
  const { AuthenticationResult: { AccessToken } } = await signIn("olivia", "Olivia-Groups-4");
  await client.send(new sdk.SetUserMFAPreferenceCommand(
    { AccessToken, EmailMfaSettings: { Enabled: true, PreferredMfa: true } }));
  assert.equal((await signIn("olivia", "Olivia-Groups-4")).ChallengeName, "EMAIL_OTP");
});

await check("GetTokensFromRefreshToken replaces the refresh token", async () => {
  const first = await client.send(new sdk.InitiateAuthCommand({
    AuthFlow: "USER_PASSWORD_AUTH",
    ClientId: rotating,
    AuthParameters: {
      USERNAME: "alice",
      PASSWORD: "Correct-Horse-9",
      SECRET_HASH: secretHash("alice", rotating, rotatingSecret),
    },
  }));
  const refresh = (RefreshToken) => client.send(new sdk.GetTokensFromRefreshTokenCommand(
    { RefreshToken, ClientId: rotating, ClientSecret: rotatingSecret }));
  const old = first.AuthenticationResult.RefreshToken;
  const { AuthenticationResult: fresh } = await refresh(old);
  assert.notEqual(fresh.RefreshToken, old);
  await control("advance", { seconds: 11 });
  await assert.rejects(refresh(old), sdk.RefreshTokenReuseException);
  assert.ok((await refresh(fresh.RefreshToken)).AuthenticationResult.AccessToken);
});
