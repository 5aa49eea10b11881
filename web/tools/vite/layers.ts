import type { Plugin } from 'vite';

const ORDER = '@layer reset, tokens, base, components, overrides;';

/** Begins every style sheet of a component with the order of the layers: chunks are loaded in any order, and the first to name a layer places it. */
export function layerOrder(): Plugin {
  return {
    name: 'layer-order',
    enforce: 'pre',
    transform: (code, id) => (id.endsWith('.module.css') ? { code: `${ORDER}\n${code}`, map: null } : null),
  };
}
