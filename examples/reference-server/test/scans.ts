import { readdirSync, readFileSync } from 'node:fs'
import type { platform } from './platform.ts'

type Platform = Awaited<ReturnType<typeof platform>>

export interface Row {
  check_id: string
  status: string
  reason_code: string | null
  message: string
}

export async function register(on: Platform, body: unknown): Promise<string> {
  const { status, body: tenant } = await on.call('POST', '/m365-tenants', body)
  if (status !== 201) throw new Error(`registration answered ${status}: ${JSON.stringify(tenant)}`)
  return tenant.id
}

export async function startScan(on: Platform, m365TenantId: string, more: object = {}): Promise<string> {
  const { status, body } = await on.call('POST', '/scans/start', { m365_tenant_id: m365TenantId, ...more })
  if (status !== 202) throw new Error(`start answered ${status}: ${JSON.stringify(body)}`)
  return body.scan_id
}

export async function statusOf(on: Pick<Platform, 'call'>, scanId: string) {
  return (await on.call('GET', `/scans/${scanId}/status`)).body
}

/** Polls until the scan is in a state that never changes, as a client without event streams does. */
export async function ended(on: Pick<Platform, 'call'>, scanId: string) {
  for (;;) {
    const status = await statusOf(on, scanId)
    if (['completed', 'failed', 'cancelled'].includes(status.status)) return status
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export async function resultsOf(on: Pick<Platform, 'call'>, scanId: string): Promise<Map<string, Row>> {
  const { body } = await on.call('GET', `/scans/${scanId}/results?limit=200`)
  return new Map(body.data.map((row: Row) => [row.check_id, row]))
}

/** Control → status, in benchmark order. */
export function verdicts(rows: Map<string, Row>): Record<string, string> {
  return Object.fromEntries(
    [...rows].map(([id, row]) => [id, row.reason_code ? `${row.status}: ${row.reason_code}` : row.status]),
  )
}

/** Engine processes that `parent` started and that are alive. Linux only: elsewhere there is no /proc to ask. */
export function enginePids(parent: number | undefined = process.pid): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
  return pids.filter((pid) => {
    const found = processState(pid)
    return found?.parent === parent && found.state !== 'Z' && commandLine(pid).includes('Start-Checks.ps1')
  })
}

/** A zombie answers to signals, so the state letter is what tells. */
export function isAlive(pid: number): boolean {
  const found = processState(pid)
  return found !== null && found.state !== 'Z'
}

function processState(pid: number): { state: string; parent: number } | null {
  const stat = readProc(pid, 'stat')
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return state && parent ? { state, parent: Number(parent) } : null
}

function commandLine(pid: number): string {
  return readProc(pid, 'cmdline')
}

/** Empty when the process ended while we looked. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
