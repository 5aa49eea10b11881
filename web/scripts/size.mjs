// The budgets of the first load and of lazy chunks, gzip: `npm run size` after a build.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = { script: 220, style: 25, font: 49, chunk: 60 };
/** Chunks with a budget of their own. */
const LARGER = { richtext: 85 };

const manifest = JSON.parse(readFileSync('dist/app/.vite/manifest.json', 'utf8'));
const kilobytes = (file) => {
  const bytes = readFileSync(`dist/app/${file}`);
  return (file.endsWith('.woff2') ? bytes.length : gzipSync(bytes, { level: 9 }).length) / 1000;
};

/** Everything that a chunk loads with it. */
function closure(keys) {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key) || !manifest[key]) return;
    seen.add(key);
    for (const next of manifest[key].imports ?? []) visit(next);
  };
  keys.forEach(visit);
  return seen;
}

// What is loaded before the first list is usable: the entry, the language, the page of a project and its list.
const FIRST = [
  'index.html',
  'src/locales/en.ts',
  'src/features/project/ProjectPage.tsx',
  'src/features/project-list/ListView.tsx',
];
const first = closure(FIRST.filter((key) => manifest[key]));
const files = new Set([...first].map((key) => manifest[key].file));
const styles = new Set([...first].flatMap((key) => manifest[key].css ?? []));
const fonts = new Set(
  Object.values(manifest)
    .flatMap((chunk) => chunk.assets ?? [])
    .filter((file) => file.endsWith('.woff2')),
);
const sum = (set) => [...set].reduce((total, file) => total + kilobytes(file), 0);

const rows = [
  ['script to the first list', sum(files), BUDGET.script],
  ['styles to the first list', sum(styles), BUDGET.style],
  ['fonts', sum(fonts), BUDGET.font],
];
for (const [key, chunk] of Object.entries(manifest)) {
  if (first.has(key) || !chunk.file.endsWith('.js')) continue;
  const size = kilobytes(chunk.file);
  const budget = LARGER[Object.keys(LARGER).find((name) => key.includes(name)) ?? ''] ?? BUDGET.chunk;
  if (size > budget / 2) rows.push([`chunk ${chunk.name ?? key}`, size, budget]);
}
let isOver = false;
for (const [name, size, budget] of rows) {
  const over = size > budget;
  isOver ||= over;
  console.log(
    `${name.padEnd(32)} ${size.toFixed(1).padStart(7)} kB  of ${String(budget).padStart(4)} kB${over ? '  TOO MUCH' : ''}`,
  );
}
process.exit(isOver ? 1 : 0);
