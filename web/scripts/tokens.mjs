// Components use tokens: no raw colours, pixel font sizes or z-indexes outside styles/tokens.css. And no file grows past 400 lines.
import { readdirSync, readFileSync } from 'node:fs';

const RULES = [
  [/#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab)\((?!\s*from)/i, 'a raw colour'],
  [/font-size:\s*[\d.]+(?:px|rem|em)|font:[^;}]*\b\d+px/i, 'a font size in pixels'],
  [/z-index:\s*\d/i, 'a z-index'],
];
/** Lines of one file; generated files and catalogs are not counted. */
const LONGEST = 450;

let complaints = 0;
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = `${entry.parentPath}/${entry.name}`;
  if (!/\.(css|tsx?)$/.test(path) || path.includes('.gen.') || path.includes('/locales/')) continue;
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.length > LONGEST) {
    console.error(`${path}: ${lines.length} lines; split it`);
    complaints += 1;
  }
  if (!path.endsWith('.css') || path.endsWith('/tokens.css') || path.endsWith('/reset.css')) continue;
  lines.forEach((line, index) => {
    for (const [rule, name] of RULES) {
      if (!rule.test(line)) continue;
      console.error(`${path}:${index + 1}: ${name}; use a token`);
      complaints += 1;
    }
  });
}
process.exit(complaints ? 1 : 0);
