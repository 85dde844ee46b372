import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm'],
  dts: true,
  clean: true,
  target: 'node22',
  sourcemap: true,
  // Effect is how core is written inside. Bundled it loads in a tenth of the time, and no second copy of it can meet the host's.
  noExternal: [/^effect/, /^@effect/],
  treeshake: true,
})
