import { type ServicePlan, type SourceDefinition, sourceDefinitionSchema } from '@tenantscope/core'
import {
  isObject,
  type Json,
  listFolder,
  malformed,
  readJson,
  readOptionalJson,
  textsOf,
  toList,
} from './pack-files.ts'
import { demandsOf } from './permissions.ts'

/** Reads the declarations of a pack's sources: what must be there before each of them can be read. A pack without sources has none. */
export async function loadSources(pack: string): Promise<SourceDefinition[]> {
  const plans = await loadServicePlans(pack)
  const folders = (await listFolder(pack, 'sources')).filter((name) => !name.includes('.'))
  const loaded = await Promise.all(folders.map((service) => loadService(pack, service, plans)))
  return loaded.flat().sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function loadService(pack: string, service: string, plans: ReadonlyMap<string, string[]>) {
  const folder = `sources/${service}`
  const names = (await listFolder(pack, folder)).filter((name) => name.endsWith('.json') && name !== 'service.json')
  const whole = (await readOptionalJson(pack, `${folder}/service.json`)) ?? {}
  return Promise.all(
    names.map(async (name) => {
      const place = `${folder}/${name}`
      return toDefinition(await readJson(pack, place), { place, service, whole, plans })
    }),
  )
}

function toDefinition(
  declared: Json,
  at: { place: string; service: string; whole: Json; plans: ReadonlyMap<string, string[]> },
): SourceDefinition {
  const { place, service, whole } = at
  const servicePlans = textsOf(declared.licence, place, 'licence').map((name): ServicePlan => {
    const ids = at.plans.get(name)
    if (!ids) throw malformed(place, `licence names ${name}, which is not in sources/service-plans.json`)
    return { name, ids }
  })
  const parsed = sourceDefinitionSchema.safeParse({
    id: declared.id,
    service,
    ...demandsOf(String(declared.id), textsOf(declared.permissions, place, 'permissions')),
    servicePlans,
    credentialKinds: whole.credentialKinds ?? null,
    notSupported: declared.notSupported ?? null,
    origins: originsOf(declared, place),
    supportedBy: [
      ...(service === 'sharepoint' ? ['graph/sites/root'] : []),
      // The plans tell a missing licence from a missing permission.
      ...(servicePlans.length > 0 ? ['graph/organization'] : []),
    ],
  })
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw malformed(place, `${issue?.path.map(String).join('.')}: ${issue?.message}`)
  }
  if (!parsed.data.id.startsWith(`${service}/`)) throw malformed(place, `id does not begin with ${service}/`)
  return parsed.data
}

/** What is made from others needs all of them; what is read object by object needs one that says which objects. */
function originsOf(declared: Json, place: string): string[][] {
  const made = textsOf(declared.derivedFrom, place, 'derivedFrom').map((id) => [id])
  const named = textsOf(declared.from, place, 'from')
  const listed = toList(declared.objects).flatMap((one) =>
    isObject(one) && typeof one.from === 'string' ? [one.from] : [],
  )
  const objects = [...named, ...listed].filter((id) => id !== declared.id)
  return objects.length > 0 ? [...made, [...new Set(objects)]] : made
}

async function loadServicePlans(pack: string): Promise<ReadonlyMap<string, string[]>> {
  const place = 'sources/service-plans.json'
  const file = (await readOptionalJson(pack, place)) ?? {}
  return new Map(Object.entries(file).map(([name, ids]) => [name, textsOf(ids, place, name)]))
}
