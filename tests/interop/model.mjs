// What a release of AWS's JavaScript SDK says of the service, as JSON: of each operation
// that is named the members of request and answer and its exceptions, of the structures
// in these their members, and the words of the enumerations.
//   node model.mjs FOLDER OPERATION...   FOLDER: the package, unpacked
// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, ...names] = process.argv.slice(2);
const exported = Object.entries(await import(pathToFileURL(`${folder}/dist-cjs/index.js`)));
const [STRUCTURE, OPERATION] = [3, 9];

/** The structures behind a reference: of a member, or of a list's or map's members. */
function structures(reference) {
  const schema = typeof reference === "function" ? reference() : reference;
  if (!Array.isArray(schema)) return [];
  if (schema[0] === STRUCTURE) return [schema];
  return schema.flatMap((part) =>
    Array.isArray(part) || typeof part === "function" ? structures(part) : []);
}

const found = { version: JSON.parse(readFileSync(`${folder}/package.json`)).version,
                operations: {}, structures: {}, enums: {} };

function walk(structure) {
  const [, , name, , members, types] = structure;
  if (name in found.structures) return;
  found.structures[name] = Object.fromEntries(members.map((member, number) =>
    [member, structures(types[number]).map((each) => each[2])]));
  types.flatMap(structures).forEach(walk);
}

for (const [, schema] of exported)
  if (Array.isArray(schema) && schema[0] === OPERATION && names.includes(schema[2])) {
    const [, , name, , request, answer] = schema;
    const says = readFileSync(`${folder}/dist-types/commands/${name}Command.d.ts`, "utf8");
    for (const part of [request, answer]) structures(part).forEach(walk);
    found.operations[name] = {
      request: structures(request)[0][2],
      answer: structures(answer)[0]?.[2] ?? null,
      exceptions: [...says.matchAll(/@throws \{@link (\w+)\} \(/g)].map((match) => match[1]),
    };
  }
for (const [name, words] of exported)
  if (name.endsWith("Type") && typeof words === "object") found.enums[name] = Object.values(words);
console.log(JSON.stringify(found));
