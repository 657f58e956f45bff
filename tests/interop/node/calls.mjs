// Calls of both daemons, and what their errors say (docs/client-guide.md, "Errors").

import {readFileSync} from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import grpc from '@grpc/grpc-js';
import {Trust} from './log.mjs';
import {decode, serviceDefinition} from './messages.mjs';

export const Code = grpc.status;
const DEADLINE_MS = 20_000;
const FIRST_WAIT_MS = 50;

// What may have been taken although no answer came, and what says that it was not, or not yet: the same bytes again.
const AGAIN_CODES = new Set([Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED]);
export const AGAIN_REASONS = new Set([
  'OVERLOADED',
  'BUSY',
  'DEADLINE',
  'STORE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'RATE',
  'SLOW_DOWN',
  'SENDER_SHARE',
]);
export const NEW_SESSION_REASONS = new Set(['TOKEN_MISSING', 'TOKEN_INVALID', 'TOKEN_EXPIRED']);

export class CallFailed extends Error {
  constructor(error) {
    super(`${Code[error.code]}: ${error.details}`);
    this.code = error.code;
    this.reason = '';
    this.field = '';
    this.retryAfterMs = null;
    for (const value of error.metadata?.get('grpc-status-details-bin') ?? []) this.#read(value);
    this.requestId = error.metadata?.get('letterlock-request-id')[0] ?? '';
  }

  #read(bytes) {
    for (const {type_url: url, value} of decode('google.rpc.Status', bytes).details) {
      const name = url.slice(url.lastIndexOf('/') + 1);
      if (name === 'google.rpc.ErrorInfo') {
        const {reason, domain} = decode(name, value);
        if (domain === 'letterlock') this.reason = reason;
      } else if (name === 'google.rpc.RetryInfo') {
        const {seconds, nanos} = decode(name, value).retry_delay;
        this.retryAfterMs = Number(seconds) * 1000 + nanos / 1e6;
      } else if (name === 'google.rpc.BadRequest') {
        this.field = decode(name, value).field_violations[0]?.field ?? '';
      }
    }
  }

  get again() {
    return AGAIN_REASONS.has(this.reason) || (!this.reason && AGAIN_CODES.has(this.code));
  }
  get newSession() {
    return NEW_SESSION_REASONS.has(this.reason);
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls until there is an answer that another try would not change, or patience ends.
export async function patiently(call, patienceMs = 30_000) {
  const until = Date.now() + patienceMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
    try {
      return await call();
    } catch (error) {
      const pause = error.retryAfterMs ?? waitMs * (0.5 + Math.random());
      if (!(error instanceof CallFailed) || !error.again || Date.now() + pause > until) throw error;
      await sleep(pause);
    }
  }
}

// A daemon's services by name. TLS 1.3 under its own roots alone.
class Daemon {
  constructor({address, server_name: name, ca_file: roots}) {
    this.serverName = name ?? address.replace(/:\d+$/, '');
    this.address = address;
    this.options = name ? {'grpc.ssl_target_name_override': name, 'grpc.default_authority': name} : {};
    const context = tls.createSecureContext({ca: readFileSync(roots), minVersion: 'TLSv1.3'});
    this.credentials = grpc.credentials.createFromSecureContext(context);
    this.stubs = new Map();
  }

  stub(service) {
    if (!this.stubs.has(service)) {
      const Stub = grpc.makeGenericClientConstructor(serviceDefinition(service), service);
      this.stubs.set(service, new Stub(this.address, this.credentials, this.options));
    }
    return this.stubs.get(service);
  }

  unary(service, method, request, metadata = new grpc.Metadata()) {
    const options = {deadline: Date.now() + DEADLINE_MS};
    return new Promise((resolve, reject) => {
      this.stub(service)[method](request, metadata, options, (error, response) =>
        error ? reject(new CallFailed(error)) : resolve(response),
      );
    });
  }

  // A stream of answers, to be read with `for await`; `cancel()` ends it.
  serverStream(service, method, request, metadata) {
    const call = this.stub(service)[method](request, metadata);
    return {
      cancel: () => call.cancel(),
      async *[Symbol.asyncIterator]() {
        try {
          yield* call;
        } catch (error) {
          throw new CallFailed(error);
        }
      },
    };
  }

  close() {
    for (const stub of this.stubs.values()) stub.close();
  }
}

export function bearer(token) {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${token.toString('base64url')}`);
  return metadata;
}

// As much of TOML as `letterlock-mailadmin init` writes: [section] and key = "value".
function parseConfig(text) {
  const sections = {'': {}};
  let section = sections[''];
  for (const line of text.split('\n')) {
    const [, heading] = /^\[(\w+)\]/.exec(line) ?? [];
    const [, key, value] = /^(\w+)\s*=\s*"([^"\\]*)"/.exec(line) ?? [];
    if (heading) section = sections[heading] = {};
    else if (key) section[key] = value;
  }
  return sections;
}

// Both daemons and whom to trust, from a client.toml.
export class Servers {
  constructor(configFile) {
    const folder = path.dirname(configFile);
    const config = parseConfig(readFileSync(configFile, 'utf8'));
    const daemon = (section) => new Daemon({...section, ca_file: path.resolve(folder, section.ca_file)});
    this.trust = new Trust(readFileSync(path.resolve(folder, config[''].trust), 'utf8'));
    this.directory = daemon(config.directory);
    this.mail = daemon(config.mail);
  }

  close() {
    this.directory.close();
    this.mail.close();
  }
}
