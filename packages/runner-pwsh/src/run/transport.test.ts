import path from 'node:path'
import { expect, test } from 'vitest'
import { pwshRunner } from '../runner.ts'
import type { Transport } from './job-line.ts'
import { readTransport } from './transport.ts'

test('without options every service is read over its own interface', () => {
  expect(readTransport({})).toEqual({ transport: {}, modulePath: [] })
})

test('folders become absolute', () => {
  expect(readTransport({ transport: { exchange: 'module', teams: 'rest' }, modulePath: ['modules'] })).toEqual({
    transport: { exchange: 'module', teams: 'rest' },
    modulePath: [path.resolve('modules')],
  })
})

test.each([
  ['a service that has no module', { transport: { graph: 'module' } as Transport }, '/transport/graph'],
  ['an unknown way', { transport: { teams: 'soap' } as unknown as Transport }, '/transport/teams'],
  ['two folders in one', { modulePath: [`/a${path.delimiter}/b`] }, '/modulePath/0'],
])('%s is refused when the runner is made', (_name, options, pointer) => {
  expect(() => pwshRunner(options)).toThrow(
    expect.objectContaining({ code: 'invalid_input', errors: [expect.objectContaining({ pointer })] }),
  )
})
