import path from 'node:path'
import { type FieldError, InvalidInputError } from '@tenantscope/core'
import type { JobSettings, Transport } from './job-line.ts'

const services = ['exchange', 'compliance', 'teams', 'sharepoint']

/** What the options say about modules, checked: a misspelled service would be read another way than was meant. Throws InvalidInputError. */
export function readTransport(options: {
  transport?: Transport
  modulePath?: readonly string[]
}): Pick<JobSettings, 'transport' | 'modulePath'> {
  const transport = options.transport ?? {}
  const modulePath = (options.modulePath ?? []).map((folder) => path.resolve(folder))
  const errors: FieldError[] = []
  for (const [service, way] of Object.entries(transport)) {
    const pointer = `/transport/${service}`
    if (!services.includes(service)) errors.push({ pointer, detail: `Give one of ${services.join(', ')}.` })
    else if (way !== undefined && way !== 'rest' && way !== 'module')
      errors.push({ pointer, detail: "Give 'rest' or 'module'." })
  }
  for (const [index, folder] of modulePath.entries())
    if (folder.includes(path.delimiter))
      errors.push({ pointer: `/modulePath/${index}`, detail: `Give one folder without ${path.delimiter} in its name.` })
  if (errors.length > 0) throw new InvalidInputError(errors)
  return { transport, modulePath }
}
