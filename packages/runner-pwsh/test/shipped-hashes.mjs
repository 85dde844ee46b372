// Run by check:pkg after a build: the bundle must know the scripts as they lie in @tenantscope/powershell.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { powershellRoot } from '@tenantscope/powershell'
import { hashPack } from '../dist/index.js'

const bundle = readFileSync(fileURLToPath(new URL('../dist/index.js', import.meta.url)), 'utf8')
const hashes = Object.entries(await hashPack(powershellRoot))
assert.ok(hashes.length > 100)
for (const [place, hash] of hashes) assert.ok(bundle.includes(hash), `the bundle does not know ${place}; build again`)
console.log(`${hashes.length} files of the pack are known to the bundle`)
