import { readdirSync, readFileSync } from 'node:fs'

/**
 * Engines that live and whose environment speaks of `mark`. Not by their parent: who lost it has another one. And by the state letter: a zombie is not alive,
 * but still there. Linux only.
 */
export function enginesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const stat = read(name, 'stat')
      const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
      const environment = read(name, 'environ')
      return !['', 'Z', 'X'].includes(state) && environment.includes(mark) && environment.includes('TENANTSCOPE_RUN=')
    })
    .map(Number)
}

/** Empty when the process ended while we looked. */
function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}
