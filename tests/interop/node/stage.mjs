// Where the tests of this client play: real daemons run, and `ada` uses letterlock.
//
//     node NAME_test.mjs PROGRAM CLIENT-TOML FOLDER FIRST-FOLDER
//
// PROGRAM is letterlock; the daemons that CLIENT-TOML names run and know nobody; FOLDER is there and takes accounts;
// FIRST-FOLDER (inbox or requests) is where a first contact arrives.

import assert from 'node:assert/strict';
import {after} from 'node:test';
import {CallFailed, Code, Servers} from './calls.mjs';
import {Client} from './client.mjs';
import {Member} from './letterlock.mjs';
import {enumOf} from './messages.mjs';

const [program, config, folder, firstFolder] = process.argv.slice(2);

export const Folder = enumOf('mail.v1.Folder');
export const FIRST = {inbox: Folder.FOLDER_INBOX, requests: Folder.FOLDER_REQUESTS}[firstFolder];
assert.ok(FIRST, 'inbox or requests');
export const BODY = 'Both ways,\n\u674e \u660e: \u00e9\u0301 \u{1f511} <b>&amp;\ttabs\n';

export const servers = new Servers(config);
after(() => servers.close());
// Uses letterlock; everybody else uses this folder's client.
export const ada = new Member(program, config, folder, 'ada');
await ada.create();
export const adaId = Buffer.from((await ada.json(['account', 'show'])).member, 'hex');

export const sendAsAda = (words, body = BODY) => ada.json(words, {stdin: body});
export const adaReads = (id, options) => ada.json(['read', id.toString('hex')], options);

export async function member(handle) {
  const made = new Client(servers, handle);
  assert.equal((await made.create()).created, true);
  return made;
}

// For assert.rejects: a call that the server refused so.
export function failed(code, reason) {
  return (error) => {
    assert.ok(error instanceof CallFailed, error.stack);
    assert.deepEqual([Code[error.code], error.reason], [Code[code], reason]);
    assert.match(error.requestId, /./, 'an operator can find it');
    return true;
  };
}
