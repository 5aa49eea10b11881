// The catalogs hold exactly the texts of the source, and every language has all of them. `npm run extract` refreshes them.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const DIR = 'src/locales';
const catalogs = () =>
  Object.fromEntries(
    readdirSync(DIR)
      .filter((name) => name.endsWith('.po'))
      .map((name) => [name, readFileSync(join(DIR, name), 'utf8')]),
  );
/** Without the date of the extraction. */
const content = (text) => text.replace(/^"(POT-Creation-Date|PO-Revision-Date).*$/gm, '').trim();

const kept = mkdtempSync(join(tmpdir(), 'catalogs-'));
cpSync(DIR, kept, { recursive: true });
const before = catalogs();
let complaints = 0;
try {
  execFileSync('node_modules/.bin/lingui', ['extract', '--clean'], { stdio: ['ignore', 'ignore', 'inherit'] });
  for (const [name, text] of Object.entries(catalogs())) {
    if (content(text) !== content(before[name] ?? '')) {
      console.error(`${DIR}/${name} is stale: npm run extract`);
      complaints += 1;
    }
    const missing = name === 'en.po' ? 0 : (text.match(/^msgstr ""\n(?!")/gm) ?? []).length;
    if (missing > 0) {
      console.error(`${DIR}/${name}: ${missing} texts are not translated`);
      complaints += 1;
    }
  }
} finally {
  cpSync(kept, DIR, { recursive: true });
  rmSync(kept, { recursive: true });
}
process.exit(complaints ? 1 : 0);
