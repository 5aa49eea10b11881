// Writes src/api/schema.gen.d.ts from the description of a running server: npm run types -- http://127.0.0.1:8080
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const url = process.argv[2] ?? process.env.VINYASA_URL ?? 'http://127.0.0.1:8080';
const response = await fetch(`${url}/api/1.0/openapi.json`);
if (!response.ok) throw new Error(`${url} answered ${response.status}`);
const description = await response.json();
delete description.servers;
// The application names the Asana-compatible operations by their own paths, the extension operations by the whole one.
description.paths = Object.fromEntries(
  Object.entries(description.paths).map(([path, item]) => [path.replace(/^\/api\/1\.0/, ''), item]),
);
const dir = mkdtempSync(join(tmpdir(), 'openapi-'));
try {
  writeFileSync(join(dir, 'openapi.json'), JSON.stringify(description));
  const tool = 'tools/openapi';
  if (!existsSync(`${tool}/node_modules`)) execFileSync('npm', ['ci', '--prefix', tool], { stdio: 'inherit' });
  execFileSync(
    `${tool}/node_modules/.bin/openapi-typescript`,
    [join(dir, 'openapi.json'), '-o', 'src/api/schema.gen.d.ts'],
    { stdio: 'inherit' },
  );
} finally {
  rmSync(dir, { recursive: true });
}
