import { createHash } from 'node:crypto'
import type { LatencyProfile } from './knobs.ts'

export const profileV1: LatencyProfile = {
  token: 200,
  graph: 150,
  graphBatch: 350,
  exchange: 500,
  exchangeSlow: 1800,
  exchangeSlowShare: 0.1,
  exchangeBatch: 1500,
  compliance: 800,
  sharepoint: 400,
  teams: 300,
  fabric: 300,
  dns: 20,
}

export const noLatency: LatencyProfile = {
  token: 0,
  graph: 0,
  graphBatch: 0,
  exchange: 0,
  exchangeSlow: 0,
  exchangeSlowShare: 0,
  exchangeBatch: 0,
  compliance: 0,
  sharepoint: 0,
  teams: 0,
  fabric: 0,
  dns: 0,
}

export function profileOf(latency: LatencyProfile | 'none' | 'v1' | undefined): LatencyProfile {
  if (latency === undefined || latency === 'none') return noLatency
  return latency === 'v1' ? profileV1 : latency
}

/** A number from 0 up to 1 that depends on the text alone. */
export function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

function between(one: number, full: number, parts: number, limit: number): number {
  if (parts <= 1) return one
  return one + ((full - one) * (Math.min(parts, limit) - 1)) / (limit - 1)
}

export function graphBatchMs(profile: LatencyProfile, parts: number): number {
  return between(profile.graph, profile.graphBatch, parts, 20)
}

export function isSlowCmdlet(profile: LatencyProfile, cmdlet: string): boolean {
  return fraction(`cmdlet ${cmdlet.toLowerCase()}`) < profile.exchangeSlowShare
}

export function cmdletMs(profile: LatencyProfile, cmdlet: string): number {
  return isSlowCmdlet(profile, cmdlet) ? profile.exchangeSlow : profile.exchange
}

/** A batch takes its own time, and never less than its slowest cmdlet. */
export function exchangeBatchMs(profile: LatencyProfile, cmdlets: string[]): number {
  return Math.max(
    between(profile.exchange, profile.exchangeBatch, cmdlets.length, 10),
    ...cmdlets.map((name) => cmdletMs(profile, name)),
  )
}
