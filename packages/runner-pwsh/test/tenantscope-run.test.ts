import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LaunchDocument } from '@tenantscope/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, startReceiver } from './remote-receiver.ts'

const program = fileURLToPath(new URL('../src/remote/main.ts', import.meta.url))

let receiver: Receiver
let folder: string
beforeEach(async () => {
  receiver = await startReceiver()
  folder = mkdtempSync(path.join(tmpdir(), 'tenantscope-test-run-'))
})
afterEach(async () => {
  await receiver.stop()
  rmSync(folder, { recursive: true, force: true })
})

const text = (document: object) => `${JSON.stringify(document)}\n`
const changed = (changes: Partial<Record<keyof LaunchDocument, unknown>>) => text({ ...receiver.document, ...changes })

/** `input` null: standard input stays open. */
function run(options: string[], input: string, close = true): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, ['--conditions=@tenantscope/source', program, ...options], {
    env: { PATH: '', HOME: folder, TMPDIR: folder },
    cwd: folder,
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk))
  child.stdin.on('error', () => {})
  if (close) child.stdin.end(input)
  else child.stdin.write(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })))
}

describe('tenantscope-run', () => {
  it('says how it is used', async () => {
    const { code, said } = await run(['--help'], '')
    expect([code, said]).toEqual([0, expect.stringContaining('--resume <file>')])
  })

  it('refuses what is no launch document with exit code 2, and quotes nothing of it', async () => {
    const { key } = receiver.document
    const inputs = [
      '',
      `not JSON ${key}`,
      changed({ format: 'other' }),
      changed({ key: `${key}x` }),
      changed({ receiverUrl: 'file:///etc/passwd' }),
      // S-37: not in clear over a network.
      changed({ receiverUrl: 'http://msp.example/api' }),
    ]
    for (const input of inputs) {
      const { code, said } = await run([], input)
      expect(code, said).toBe(2)
      expect(said).not.toContain(key.slice(6, 30))
    }
    expect((await run(['--unknown'], text(receiver.document))).code).toBe(2)
    expect(receiver.messages).toEqual([])
  })

  it('tells the receiver when there is no PowerShell, ends with 3 though its input stays open, and leaves nothing', async () => {
    const { code, said } = await run([], text(receiver.document), false)
    expect(code, said).toBe(3)
    expect(receiver.events()).toEqual([
      expect.objectContaining({ type: 'done', error: { code: 'runner_missing', message: expect.any(String) } }),
    ])
    expect(readdirSync(folder)).toEqual([])
  })

  it('sends a spool that was left', async () => {
    const file = path.join(folder, 'left.jsonl')
    const event = { type: 'log', level: 'info', message: 'what it had found' }
    const header = { format: 'tenantscope-spool/1', scan_id: 'scan-1', attempt: 1 }
    writeFileSync(file, text(header) + text({ n: 0, event }))
    const { code, said } = await run(['--resume', file], text(receiver.document))
    expect(code, said).toBe(0)
    expect(receiver.events()).toEqual([event, expect.objectContaining({ type: 'done', outcome: 'failed' })])
    expect(readdirSync(folder)).toEqual([])
  })
})
