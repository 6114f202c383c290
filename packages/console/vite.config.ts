import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // Relative, so that the page also works behind a proxy that serves it under a path.
  base: './',
  // The client is read from its sources: no build of it has to come first.
  resolve: { conditions: ['@aideals/source', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    // The page's policy allows nothing inline, data: addresses neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
