// AWS's Amplify against the local user pool: the flows of an application that keeps
// its state between the steps, by a client without a secret.
// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { Amplify } from "@aws-amplify/core";
import * as auth from "@aws-amplify/auth";
import { cognitoUserPoolsTokenProvider as tokenProvider } from "@aws-amplify/auth/cognito";
import { check, control, lastCode, totp } from "./tap.mjs";

const userPoolId = "eu-west-1_Local0001";
const Auth = { Cognito: {
  userPoolId,
  userPoolClientId: "localpublic0000000000000001",
  userPoolEndpoint: process.env.POOL_ENDPOINT,
} };
// What the package aws-amplify does, whose other parts nobody needs here.
tokenProvider.setAuthConfig(Auth);
Amplify.configure({ Auth }, { Auth: { tokenProvider } });

const step = ({ nextStep, isSignedIn }) => {
  assert.equal(isSignedIn, nextStep.signInStep === "DONE");
  return nextStep.signInStep;
};
const confirm = async (challengeResponse) => step(await auth.confirmSignIn({ challengeResponse }));
const signIn = async (username, password, options = {}) =>
  step(await auth.signIn({ username, password, options }));

/** A check that leaves nobody signed in and the pool as it was. */
async function flow(name, body) {
  await control("reset");
  await check(name, body);
  await auth.signOut().catch(() => {});
}

await flow("SRP", async () => {
  assert.equal(await signIn("alice", "Correct-Horse-9"), "DONE");
  const { tokens } = await auth.fetchAuthSession();
  assert.equal(tokens.idToken.payload["cognito:username"], "alice");
});

await flow("SRP with a wrong password", () =>
  assert.rejects(signIn("alice", "wrong"), { name: "NotAuthorizedException" }));

await flow("the password itself", async () =>
  assert.equal(await signIn("alice", "Correct-Horse-9", { authFlowType: "USER_PASSWORD_AUTH" }),
               "DONE"));

await flow("a temporary password", async () => {
  assert.equal(await signIn("erin", "Temporary-Pw-1"),
               "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
  assert.equal(await confirm("Brand-New-Pw1!"), "DONE");
});

await flow("an authenticator app, after a wrong code", async () => {
  assert.equal(await signIn("grace", "Grace-Hopper-6"), "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  await assert.rejects(confirm("000000"), { name: "CodeMismatchException" });
  assert.equal(await confirm(await totp("grace")), "DONE");
});

await flow("a code by SMS", async () => {
  const first = await auth.signIn({ username: "heidi", password: "Heidi-Alps-88" });
  assert.equal(step(first), "CONFIRM_SIGN_IN_WITH_SMS_CODE");
  assert.equal(first.nextStep.codeDeliveryDetails.deliveryMedium, "SMS");
  assert.equal(await confirm(await lastCode("heidi")), "DONE");
});

await flow("a code by e-mail", async () => {
  assert.equal(await signIn("ivan", "Ivan-Mailed-5"), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  assert.equal(await confirm(await lastCode("ivan")), "DONE");
});

await flow("a choice of second factors", async () => {
  const first = await auth.signIn({ username: "judy", password: "Judy-Chooses-3" });
  assert.equal(step(first), "CONTINUE_SIGN_IN_WITH_MFA_SELECTION");
  assert.ok(first.nextStep.allowedMFATypes.includes("EMAIL"));
  assert.equal(await confirm("EMAIL"), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  assert.equal(await confirm(await lastCode("judy")), "DONE");
});

await flow("USER_AUTH with a code by e-mail", async () => {
  assert.equal(await signIn("bob", undefined, {
    authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" }),
               "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  assert.equal(await confirm(await lastCode("bob")), "DONE");
});

await flow("USER_AUTH, SRP chosen", async () => {
  const first = await auth.signIn({ username: "bob", options: { authFlowType: "USER_AUTH" } });
  assert.equal(step(first), "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
  assert.ok(first.nextStep.availableChallenges.includes("PASSWORD_SRP"));
  assert.equal(await confirm("PASSWORD_SRP"), "CONFIRM_SIGN_IN_WITH_PASSWORD");
  assert.equal(await confirm("Battery-Staple-7"), "DONE");
});

await flow("USER_AUTH, SRP preferred", async () =>
  assert.equal(await signIn("bob", "Battery-Staple-7", {
    authFlowType: "USER_AUTH", preferredChallenge: "PASSWORD_SRP" }), "DONE"));

await flow("a pool's own questions", async () => {
  assert.equal(await signIn("alice", undefined, { authFlowType: "CUSTOM_WITHOUT_SRP" }),
               "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(await confirm("green"), "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(await confirm("red"), "DONE");
});

await flow("a pool's own questions after SRP", async () => {
  assert.equal(await signIn("alice", "Correct-Horse-9", { authFlowType: "CUSTOM_WITH_SRP" }),
               "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(await confirm("green"), "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(await confirm("red"), "DONE");
});

await flow("a second factor set up by e-mail", async () => {
  await control("pool", { pool: userPoolId, set: { mfa: "ON", mfa_methods: ["EMAIL_OTP"] } });
  assert.equal(await signIn("trent", "Trent-Silent-4"), "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP");
  assert.equal(await confirm("trent@example.com"), "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  assert.equal(await confirm(await lastCode("trent")), "DONE");
});

await flow("a second factor set up by an authenticator app", async () => {
  await control("pool", { pool: userPoolId,
                          set: { mfa: "ON", mfa_methods: ["SOFTWARE_TOKEN_MFA"] } });
  const first = await auth.signIn({ username: "bob", password: "Battery-Staple-7" });
  assert.equal(step(first), "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
  const secret = first.nextStep.totpSetupDetails.sharedSecret;
  assert.equal(await confirm(await totp("bob", { secret })), "DONE");
});

await flow("a sign-up, its confirmation, and a sign-in at once", async () => {
  const begun = await auth.signUp({
    username: "nina", password: "Nina-Brand-New-1",
    options: { userAttributes: { email: "nina@example.com" }, autoSignIn: true } });
  assert.equal(begun.nextStep.signUpStep, "CONFIRM_SIGN_UP");
  const done = await auth.confirmSignUp({ username: "nina",
                                          confirmationCode: await lastCode("nina") });
  assert.equal(done.nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
  assert.equal(step(await auth.autoSignIn()), "DONE");
});

await flow("who has not confirmed", async () =>
  assert.equal(await signIn("carol", "Not-Confirmed-1"), "CONFIRM_SIGN_UP"));

await flow("whose password must be reset", async () =>
  assert.equal(await signIn("frank", "wrong"), "RESET_PASSWORD"));

await flow("a forgotten password", async () => {
  const { nextStep } = await auth.resetPassword({ username: "alice" });
  assert.equal(nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
  await auth.confirmResetPassword({
    username: "alice", newPassword: "Another-Pw-77!",
    confirmationCode: await lastCode("alice") });
  assert.equal(await signIn("alice", "Another-Pw-77!"), "DONE");
});

await flow("attributes, another password, new tokens", async () => {
  assert.equal(await signIn("alice", "Correct-Horse-9"), "DONE");
  assert.equal((await auth.fetchUserAttributes()).email, "alice@example.com");
  await auth.updatePassword({ oldPassword: "Correct-Horse-9", newPassword: "Third-Pw-78!x" });
  assert.ok((await auth.fetchAuthSession({ forceRefresh: true })).tokens);
});

// Its timer for a sign-in after a sign-up would go on for minutes.
process.exit();
