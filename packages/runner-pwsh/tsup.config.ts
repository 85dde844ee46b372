import { fileURLToPath } from 'node:url'
import { defineConfig } from 'tsup'
import { hashPack } from './src/integrity/pack-hashes.ts'

export default defineConfig(async () => ({
  entry: ['src/index.ts', 'src/remote/main.ts'],
  format: ['esm'],
  dts: true,
  clean: true,
  target: 'node22',
  sourcemap: true,
  // The release of the runner knows the scripts of its release: they lie in another package, so that one altered package does not vouch for itself.
  define: {
    TENANTSCOPE_PACK_HASHES: JSON.stringify(
      await hashPack(fileURLToPath(new URL('../../powershell/', import.meta.url))),
    ),
  },
}))
