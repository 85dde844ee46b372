/** By the first part of the path. */
const table = {
  'm365-tenants': [
    'M365 tenants',
    'Registered tenants, their credentials, operator inputs and what a scan could read.',
  ],
  scans: ['Scans', 'Starting, following and cancelling scans; their results.'],
  stream: ['Live progress', 'Server-sent events of a scan.'],
  webhook: ['Remote runs', 'Signed events of runs elsewhere.'],
  webhooks: ['Outgoing webhooks', 'Signed messages to endpoints of your own when a scan has ended.'],
  audit: ['Audit', 'Who did what: one entry per write, which cannot be changed.'],
  benchmarks: ['Benchmarks', 'What is checked: the controls with their texts.'],
} as const satisfies Record<string, readonly [string, string]>
const service = { name: 'Service', description: 'The service itself and its documentation.' }

export const tags = [...Object.values(table).map(([name, description]) => ({ name, description })), service]

export function tagOf(path: string): string {
  const first = path.split('/')[1] ?? ''
  return Object.hasOwn(table, first) ? table[first as keyof typeof table][0] : service.name
}
