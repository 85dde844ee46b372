// Writes docs/permissions.md from the declarations of sources and checks. With --check it writes nothing and fails when the file is not what it would write.
//   node --conditions=@tenantscope/source scripts/generate-permissions.mjs [--check]
import { readFileSync, writeFileSync } from 'node:fs'
import { loadBenchmarks } from '../packages/runner-pwsh/src/catalogue/benchmarks.ts'
import { powershellRoot } from '../powershell/index.js'

const command = 'node --conditions=@tenantscope/source scripts/generate-permissions.mjs'
const page = new URL('../docs/permissions.md', import.meta.url)

/** Of the origins of a source those that the control reads anyway; the first one when it reads none. */
function originsRead(definition, declared) {
  return definition.origins.flatMap((anyOf) => {
    const read = anyOf.filter((id) => declared.has(id))
    return read.length > 0 ? read : anyOf.slice(0, 1)
  })
}

/** Source id → ids of the controls that read it, origins included; what only supports a read is there without a control. */
function readersOf(controls, definitions) {
  const readers = new Map()
  const read = (id) => readers.get(id) ?? readers.set(id, new Set()).get(id)
  for (const control of controls) {
    const declared = new Set(control.needs.flatMap(({ anyOf }) => anyOf))
    const pending = [...declared]
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      const definition = definitions.get(id)
      if (read(id).has(control.id)) continue
      read(id).add(control.id)
      if (!definition) continue
      pending.push(...originsRead(definition, declared))
      for (const supporting of definition.supportedBy) read(supporting)
    }
  }
  return readers
}

const code = (text) => `\`${text.replaceAll('|', '\\|')}\``
const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`),
]
const distinct = (items, key) => [...new Map(items.map((item) => [key(item), item])).values()]
const byName = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
const or = (names) => names.join(' or ')

function totals(used) {
  const roles = distinct(
    used.flatMap(({ appRoles }) => appRoles),
    ({ resourceAppId, name }) => `${resourceAppId}/${name}`,
  )
  const apis = distinct(roles, ({ resourceAppId }) => resourceAppId).sort((a, b) => byName(a.resource, b.resource))
  const directoryRoles = distinct(
    used.flatMap(({ id, directoryRoles: groups }) =>
      groups.map((group) => ({ names: group.map(({ name }) => name), service: id.split('/')[0] })),
    ),
    ({ names, service }) => `${names}/${service}`,
  )
  const switches = distinct(
    used.flatMap(({ adminSwitches }) => adminSwitches),
    ({ name }) => name,
  )
  const choosy = distinct(
    used.filter(({ credentialKinds }) => credentialKinds),
    ({ service }) => service,
  )
  return [
    '## What to grant',
    '',
    'Application permissions, granted to the application and consented by an administrator of the tenant:',
    ...apis.flatMap(({ resource, resourceAppId }) => [
      '',
      `### ${resource}`,
      '',
      `Application id ${code(resourceAppId)}.`,
      '',
      ...table(
        ['permission', 'remark'],
        roles
          .filter((role) => role.resourceAppId === resourceAppId)
          .sort((a, b) => byName(a.name, b.name))
          .map(({ name, remark }) => [code(name), remark ?? '']),
      ),
    ]),
    '',
    '### Directory roles',
    '',
    'Assigned to the service principal of the application. They are needed besides the application permissions.',
    '',
    ...table(
      ['service', 'role'],
      directoryRoles.map(({ names, service }) => [service, or(names)]).sort((a, b) => byName(a.join(), b.join())),
    ),
    '',
    '### By hand',
    '',
    ...switches.map(({ name, instruction }) => `- **${name}.** ${instruction}`),
    ...choosy.map(
      ({ service, credentialKinds }) =>
        `- **The API of ${service} refuses an application that signs in with a secret.** It takes a credential of the kind ${or(credentialKinds.map(code))}.`,
    ),
  ]
}

function sourceRow(definition, readers) {
  const { id, appRoles, directoryRoles, adminSwitches, servicePlans, notSupported, otherDemands } = definition
  const several = new Set(appRoles.map(({ resourceAppId }) => resourceAppId)).size > 1
  const permissions = [
    ...appRoles.map(({ name, resource }) => code(name) + (several ? ` (${resource})` : '')),
    ...adminSwitches.map(({ name }) => `switch “${name}”`),
    ...(notSupported ? [notSupported.replace(/\.$/, '')] : []),
    ...otherDemands,
  ]
  const controls = [...(readers.get(id) ?? [])]
  return [
    code(id),
    permissions.join(', '),
    directoryRoles.map((group) => or(group.map(({ name }) => name))).join(', '),
    or(servicePlans.map(({ name }) => name)),
    controls.length > 0 ? controls.join(', ') : 'read along with others',
  ]
}

function render({ id, version, controls, sources }) {
  const definitions = new Map(sources.map((definition) => [definition.id, definition]))
  const readers = readersOf(controls, definitions)
  const used = sources.filter((definition) => readers.has(definition.id))
  const undeclared = [...readers.keys()].filter((source) => !definitions.has(source)).sort(byName)
  return [
    '# Permissions',
    '',
    `What an application needs to scan a tenant against ${id} ${version}: all of it reads, with one exception that is told. This page is written by`,
    `${code(command)} from the declarations of sources and checks; change those, not this page.`,
    '',
    'What is missing in one tenant, control by control, and a script that grants it, is the answer of `m365Tenants.preflight(id)` and of',
    '`GET /m365-tenants/{id}/preflight`.',
    '',
    ...totals(used.filter(({ notSupported }) => !notSupported)),
    '',
    '## Source by source',
    '',
    'One of the service plans must be in force in the tenant; without it the controls are not applicable. Where Microsoft Graph has several permissions for one',
    'source, the first opens it and the others show the objects in it.',
    '',
    ...table(
      ['source', 'permission', 'directory roles', 'service plans', 'controls'],
      used.map((definition) => sourceRow(definition, readers)),
    ),
    ...(undeclared.length > 0 ? ['', `Named by a check and not declared: ${undeclared.map(code).join(', ')}.`] : []),
    '',
  ].join('\n')
}

const [benchmark] = await loadBenchmarks(powershellRoot)
const text = render(benchmark)
if (!process.argv.includes('--check')) writeFileSync(page, text)
else if (readFileSync(page, 'utf8').replaceAll('\r\n', '\n') !== text) {
  console.error(`docs/permissions.md is not what the declarations say. Write it anew: ${command}`)
  process.exit(1)
}
