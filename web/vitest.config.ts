import { defineConfig } from 'vitest/config';
import { linguiMacros } from './tools/vite/lingui.ts';

export default defineConfig({
  plugins: [linguiMacros()],
  oxc: { jsx: { runtime: 'automatic' } },
  resolve: { alias: { '~': new URL('./src', import.meta.url).pathname } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['./src/test/setup.ts'],
    css: { modules: { classNameStrategy: 'non-scoped' } },
    restoreMocks: true,
  },
});
