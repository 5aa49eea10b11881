import { transformAsync } from '@babel/core';
import macros from '@lingui/babel-plugin-lingui-macro';
import type { Plugin } from 'vite';

/**
 * Expands the Lingui macros in the files that use them and leaves the rest of the compilation to Vite.
 * Fifteen lines of our own because `@rolldown/plugin-babel` asks for Node 22.
 */
export function linguiMacros(): Plugin {
  return {
    name: 'lingui-macros',
    enforce: 'pre',
    async transform(code, id) {
      if (!/\.tsx?$/.test(id) || !code.includes('@lingui/') || !code.includes('/macro')) return null;
      const result = await transformAsync(code, {
        filename: id,
        babelrc: false,
        configFile: false,
        sourceMaps: true,
        parserOpts: { plugins: ['typescript', 'jsx'] },
        plugins: [macros],
      });
      return result?.code ? { code: result.code, map: result.map } : null;
    },
  };
}
