// The messages of proto/ as plain objects: bytes are Buffers, 64-bit integers BigInts, enum values numbers; absent
// messages and `optional` fields are null, everything else that is absent its default.

import {createRequire} from 'node:module';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import protobuf from 'protobufjs';
import {demand, same} from './primitives.mjs';

const PROTO = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'proto');

function load() {
  const builtin = createRequire(import.meta.url)('protobufjs/google/protobuf/descriptor.json');
  protobuf.common('descriptor', builtin.nested.google.nested.protobuf.nested);
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/protobuf/') ? target : path.resolve(PROTO, target);
  const files = [
    'google/rpc/status.proto',
    'google/rpc/error_details.proto',
    'letterlock/common/v1/errors.proto',
  ];
  for (const name of [
    'directory/v1/directory_service',
    'tlog/v1/leaf',
    'tlog/v1/tlog_service',
    'mail/v1/device',
    'mail/v1/enrollment_service',
    'mail/v1/session_service',
    'mail/v1/mail_service',
    'mail/v1/disclosure',
  ]) {
    files.push(`letterlock/${name}.proto`);
  }
  return root.loadSync(files, {keepCase: true}).resolveAll();
}

const root = load();
const WIDE = new Set(['uint64', 'int64']);

export const enumOf = (name) => root.lookupEnum(`letterlock.${name}`).values;

// --- between protobufjs's objects and ours --------------------------------------------------------

function plainValue(field, value) {
  if (field.resolvedType instanceof protobuf.Type) return plain(field.resolvedType, value);
  if (WIDE.has(field.type)) return BigInt(value.toString());
  if (field.type === 'bytes') return Buffer.from(value);
  return value;
}

function absent(field) {
  if (field.resolvedType instanceof protobuf.Type || field.options?.proto3_optional) return null;
  if (WIDE.has(field.type)) return 0n;
  if (field.type === 'bytes') return Buffer.alloc(0);
  return field.typeDefault;
}

function plain(type, message) {
  const object = {};
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (field.repeated) {
      object[field.name] = (value ?? []).map((one) => plainValue(field, one));
    } else {
      const given = Object.prototype.hasOwnProperty.call(message, field.name) && value !== null;
      object[field.name] = given ? plainValue(field, value) : absent(field);
    }
  }
  return object;
}

function wireValue(field, value) {
  if (field.resolvedType instanceof protobuf.Type) return wire(field.resolvedType, value);
  if (WIDE.has(field.type))
    return protobuf.util.Long.fromString(BigInt(value).toString(), field.type === 'uint64');
  return value;
}

// Without what holds its default: protobufjs would write that out, and the bytes would not be canonical.
function wire(type, object) {
  const unknown = Object.keys(object).filter((name) => !type.fields[name]);
  if (unknown.length) throw new TypeError(`${type.name} has no ${unknown}`);
  const message = {};
  for (const field of type.fieldsArray) {
    const value = object[field.name];
    if (value === undefined || value === null) continue;
    if (field.repeated) {
      message[field.name] = value.map((one) => wireValue(field, one));
    } else if (field.options?.proto3_optional || field.resolvedType instanceof protobuf.Type) {
      message[field.name] = wireValue(field, value);
    } else if (field.type === 'bytes' || field.type === 'string' ? value.length : Number(value) !== 0) {
      message[field.name] = wireValue(field, value);
    }
  }
  return message;
}

const encodeAs = (type, object) => Buffer.from(type.encode(wire(type, object)).finish());
const decodeAs = (type, bytes) => plain(type, type.decode(bytes));

// --- for use --------------------------------------------------------------------------------------

const typeOf = (name) => root.lookupType(name.startsWith('google.') ? name : `letterlock.${name}`);

// Canonical (docs/formats.md, "Canonical messages").
export const encode = (name, object) => encodeAs(typeOf(name), object);

export const decode = (name, bytes) => decodeAs(typeOf(name), bytes);

// Refuses what is not canonical. protobufjs drops unknown fields and does not check wire types: only bytes that it
// writes again in the same way pass.
export function decodeCanonical(name, bytes) {
  const type = typeOf(name);
  let object;
  try {
    object = decodeAs(type, bytes);
  } catch {
    demand(false, `${name}: no such message`);
  }
  demand(same(encodeAs(type, object), bytes), `${name}: not canonical`);
  demandValues(type, object);
  return object;
}

// Enum values are listed ones, bytes that are there of their field's `fixed_size`.
function demandValues(type, object) {
  for (const field of type.fieldsArray) {
    const size = field.options?.['(letterlock.common.v1.fixed_size)'];
    for (const value of [object[field.name] ?? []].flat()) {
      if (field.resolvedType instanceof protobuf.Enum) {
        demand(
          field.resolvedType.valuesById[value] !== undefined,
          `${field.name}: a value that nobody knows`,
        );
      } else if (field.resolvedType) {
        demandValues(field.resolvedType, value);
      } else if (size) {
        demand(
          value.length === size || (value.length === 0 && !field.repeated),
          `${field.name}: of another size`,
        );
      }
    }
  }
}

// What grpc-js makes a client of: {Method: {path, requestStream, ...}} of a service by name, "mail.v1.MailService".
export function serviceDefinition(name) {
  const service = root.lookupService(`letterlock.${name}`);
  return Object.fromEntries(
    service.methodsArray.map((method) => [
      method.name,
      {
        path: `/letterlock.${name}/${method.name}`,
        requestStream: Boolean(method.requestStream),
        responseStream: Boolean(method.responseStream),
        requestSerialize: (object) => encodeAs(method.resolvedRequestType, object),
        requestDeserialize: (bytes) => decodeAs(method.resolvedRequestType, bytes),
        responseSerialize: (object) => encodeAs(method.resolvedResponseType, object),
        responseDeserialize: (bytes) => decodeAs(method.resolvedResponseType, bytes),
      },
    ]),
  );
}
