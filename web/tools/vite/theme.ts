import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

/** Puts the theme script into the page: the only inline script, so that the first paint has the right colours. */
export function themeScript(file: URL): Plugin {
  return {
    name: 'theme-script',
    transformIndexHtml: {
      order: 'post',
      handler: () => [
        {
          tag: 'script',
          attrs: { id: 'theme' },
          children: readFileSync(file, 'utf8').trim(),
          injectTo: 'head-prepend',
        },
      ],
    },
  };
}
