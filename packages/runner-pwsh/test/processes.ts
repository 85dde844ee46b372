import { readdirSync, readFileSync } from 'node:fs'

export interface EngineView {
  pid: number
  commandLine: string
  environment: string
}

/** Engines that `parent` started, with all that others can see of them. Linux only. */
export function enginesOf(parent: number): EngineView[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1')
      if (fields[0] === 'Z' || Number(fields[1]) !== parent || !environment.includes('TENANTSCOPE_RUN=')) return []
      return [{ pid: Number(name), environment, commandLine: readFileSync(`/proc/${name}/cmdline`, 'latin1') }]
    } catch {
      return []
    }
  })
}

/** Waits for a state of the world; how long it takes is not the question. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 25))
}
