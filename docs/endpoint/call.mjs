#!/usr/bin/env node
// Sends standard input to an API, with the token in a file as its x-api-key header.
//
//   call.mjs URL TOKEN_FILE <PROMPT
//
// It prints the answer. Requests that the gateway has refused for now are sent again, with longer and
// longer pauses. The file is read for each of them: after a rotation it has the new token.

import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";

const ATTEMPTS = 6;

// The answer of the API.
async function call(url, file, body) {
  for (let attempt = 1; ; attempt++) {
    const token = (await readFile(file, "ascii")).trim();
    const headers = { "x-api-key": token };
    const answer = await fetch(url, { method: "POST", headers, body });
    if (attempt === ATTEMPTS || !isForNow(answer)) {
      return answer;
    }
    const pause = Number(answer.headers.get("retry-after") ?? 1);
    await setTimeout(pause * 1000 * 2 ** (attempt - 1) * (1 + Math.random() / 2));
  }
}

// Whether the request was refused before it reached the application, and may soon be let in.
function isForNow(answer) {
  return answer.status === 429 || (answer.status === 503 && answer.headers.has("retry-after"));
}

const [url, file] = process.argv.slice(2);
const answer = await call(url, file, await buffer(process.stdin));
if (answer.ok) {
  process.stdout.write(await answer.text());
} else {
  console.error(`${answer.status} ${answer.statusText}: ${answer.headers.get("www-authenticate") ?? ""}`);
  process.exitCode = 1;
}
