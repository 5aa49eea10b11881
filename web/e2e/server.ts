import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
    token: string;
    password: string;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Starts the real binary with the demo organization in a temporary directory; `VINYASA_BINARY` names another one. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binary = process.env['VINYASA_BINARY'] ?? new URL('../../target/debug/vinyasa', import.meta.url).pathname;
  if (!existsSync(binary)) throw new Error(`${binary} is not there: cargo build --package vinyasa`);
  const directory = mkdtempSync(join(tmpdir(), 'vinyasa-e2e-'));
  const url = `http://127.0.0.1:${await freePort()}`;
  const options = [
    'serve',
    '--demo',
    '--data-dir',
    directory,
    '--listen',
    url.replace('http://', ''),
    '--rate-limit',
    '100000',
  ];
  const server = spawn(binary, options, { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = await new Promise<string>((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`the server did not start:\n${text}`)), 60_000);
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (!/Try it:/.test(text)) return;
      clearTimeout(timer);
      resolve(text);
    };
    server.stdout.on('data', take);
    server.stderr.on('data', take);
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${text}`)));
  });
  project.provide('url', url);
  project.provide('token', /\b\d\/[0-9a-f]{32,}/.exec(said)?.[0] ?? '');
  project.provide('password', /password (\S+)/.exec(said)?.[1] ?? '');
  return async () => {
    server.removeAllListeners('exit');
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
}
