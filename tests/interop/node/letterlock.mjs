// A member who uses `letterlock`: an account folder, and the program run on it.

import {spawn} from 'node:child_process';
import {mkdtempSync, writeFileSync} from 'node:fs';
import path from 'node:path';

const DEADLINE_MS = 60_000;

export class Member {
  // Everything of hers lies below `folder`.
  constructor(program, config, folder, handle) {
    this.handle = handle;
    this.folder = mkdtempSync(path.join(folder, `${handle}-`));
    const passphrase = path.join(this.folder, 'passphrase');
    writeFileSync(passphrase, `the passphrase of ${handle}\n`, {mode: 0o600});
    this.command = [
      program,
      '--config',
      config,
      '--account',
      path.join(this.folder, 'account'),
      '--passphrase-file',
      passphrase,
      '--json',
    ];
  }

  // The object that `letterlock ARGUMENT ... --json` prints. Throws where it ends with another code than `expect`.
  json(words, {stdin = '', expect = 0} = {}) {
    const [program, ...options] = this.command;
    return new Promise((resolve, reject) => {
      const child = spawn(program, [...options, ...words], {timeout: DEADLINE_MS, killSignal: 'SIGKILL'});
      const printed = {stdout: '', stderr: ''};
      for (const name of ['stdout', 'stderr']) {
        child[name].setEncoding('utf8').on('data', (text) => (printed[name] += text));
      }
      child.stdin.on('error', () => {}); // It may end before it reads.
      child.stdin.end(stdin);
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === expect) resolve(JSON.parse(printed.stdout));
        else
          reject(
            new Error(`letterlock ${words.join(' ')} ended with ${code}, not ${expect}\n${printed.stderr}`),
          );
      });
    });
  }

  create() {
    return this.json(['account', 'create', this.handle, '--recovery-kit', path.join(this.folder, 'kit')]);
  }
}
