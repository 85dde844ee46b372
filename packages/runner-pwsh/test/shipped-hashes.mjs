// Run by check:pkg after a build: the bundle must know the scripts as they lie in @tenantscope/powershell.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { powershellRoot } from '@tenantscope/powershell'
import { hashPack } from '../dist/index.js'

// The bundle is in pieces, because the library and the program share most of it.
const dist = new URL('../dist/', import.meta.url)
const bundle = globSync('**/*.js', { cwd: dist })
  .map((file) => readFileSync(new URL(file, dist), 'utf8'))
  .join('')
const hashes = Object.entries(await hashPack(powershellRoot))
assert.ok(hashes.length > 100)
for (const [place, hash] of hashes) assert.ok(bundle.includes(hash), `the bundle does not know ${place}; build again`)
console.log(`${hashes.length} files of the pack are known to the bundle`)
