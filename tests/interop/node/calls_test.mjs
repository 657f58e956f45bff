// When a call is repeated: docs/client-guide.md, "Errors".

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import test from 'node:test';
import grpc from '@grpc/grpc-js';
import {AGAIN_REASONS, CallFailed, Code, NEW_SESSION_REASONS, patiently} from './calls.mjs';
import {encode, enumOf} from './messages.mjs';

function failure(code, reason, retryMs) {
  const any = (name, object) => ({type_url: `type.googleapis.com/${name}`, value: encode(name, object)});
  const details = [];
  if (reason) details.push(any('google.rpc.ErrorInfo', {reason, domain: 'letterlock'}));
  if (retryMs) details.push(any('google.rpc.RetryInfo', {retry_delay: {seconds: 0n, nanos: retryMs * 1e6}}));
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', encode('google.rpc.Status', {code, details}));
  return new CallFailed({code, details: 'a text', metadata});
}

// How often it was called, and what came of it.
async function calls(failures, patienceMs) {
  let count = 0;
  const result = await patiently(async () => {
    if (count < failures.length) throw failures[count++];
    return ++count;
  }, patienceMs).catch((error) => error);
  return {count, result};
}

test('what time mends is tried again, after RetryInfo where it is there', async () => {
  const began = Date.now();
  const {result} = await calls([failure(Code.RESOURCE_EXHAUSTED, 'RATE', 120), failure(Code.UNAVAILABLE)]);
  assert.equal(result, 3);
  assert.ok(Date.now() - began >= 120);
});

test('what time does not mend is not tried again', async () => {
  for (const error of [
    failure(Code.RESOURCE_EXHAUSTED, 'MAILBOX_FULL'),
    failure(Code.FAILED_PRECONDITION, 'SENDER_KEY'),
  ]) {
    assert.deepEqual(await calls([error]), {count: 1, result: error});
  }
});

test('patience ends before a wait that it does not last for', async () => {
  const error = failure(Code.RESOURCE_EXHAUSTED, 'RATE', 900);
  assert.deepEqual(await calls([error], 500), {count: 1, result: error});
});

test('the guide names reasons that there are, and this client does what it says of them', () => {
  const guide = readFileSync(new URL('../../../docs/client-guide.md', import.meta.url), 'utf8');
  const table = guide.slice(guide.indexOf('| reasons | do |'), guide.indexOf('**A lost answer.**'));
  const rows = table.split('\n').map((row) => row.split('|').slice(1, 3));
  const reasons = rows.map(([left]) => (left ?? '').match(/[A-Z][A-Z_]{3,}/g) ?? []);
  const known = enumOf('common.v1.ErrorReason');
  for (const reason of reasons.flat()) {
    assert.ok(known[`ERROR_REASON_${reason}`] !== undefined || Code[reason] !== undefined, reason);
  }
  const namedWhere = (pattern) => reasons[rows.findIndex(([, right]) => pattern.test(right ?? ''))];
  const again = namedWhere(/the same bytes again/).filter((reason) => Code[reason] === undefined);
  assert.deepEqual(again.sort(), [...AGAIN_REASONS].sort());
  assert.deepEqual(namedWhere(/a new session, once/).sort(), [...NEW_SESSION_REASONS].sort());
});
