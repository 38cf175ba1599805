// What both JavaScript parts share: reporting checks, and the control
// interface of the local user pool.
// SPDX-License-Identifier: MIT
export async function check(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    console.log(error?.stack ?? String(error));
    console.log(`not ok - ${name}`);
  }
}

export async function control(command, body = {}) {
  const answer = await fetch(`${process.env.POOL_CONTROL}/${command}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error);
  return value;
}

export async function lastCode(username) {
  const { codes } = await control("codes", { username });
  return codes.at(-1).code;
}

export async function totp(username, more = {}) {
  const { code } = await control("totp", { username, ...more });
  return code;
}
