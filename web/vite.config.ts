import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { layerOrder } from './tools/vite/layers.ts';
import { linguiMacros } from './tools/vite/lingui.ts';
import { themeScript } from './tools/vite/theme.ts';

const server = process.env['VINYASA_URL'] ?? 'http://127.0.0.1:8080';
const token = process.env['VINYASA_TOKEN'];
const proxy = {
  target: server,
  changeOrigin: true,
  ws: true,
  headers: token ? { authorization: `Bearer ${token}` } : undefined,
};

export default defineConfig({
  plugins: [linguiMacros(), layerOrder(), react(), themeScript(new URL('./src/theme.js', import.meta.url))],
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api': proxy, '/-/': proxy, '/app': proxy, '/health': proxy } },
  build: {
    outDir: 'dist/app',
    emptyOutDir: true,
    target: ['chrome125', 'firefox128', 'safari17.5'],
    manifest: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'vendor',
              test: /node_modules[\\/](react|react-dom|scheduler|use-sync-external-store|@tanstack[\\/](query-core|react-query|history|react-router|router-core|store|react-store)|@lingui)[\\/]/,
            },
            {
              name: 'app',
              test: /src[\\/](lib|store|api|mutations|stream)[\\/]/,
            },
          ],
        },
      },
    },
  },
});
