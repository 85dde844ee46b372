import type { JsonObject } from './types.ts'

/** Platforms of the default restriction in v1.0 … */
const platforms = [
  'iosRestriction',
  'windowsRestriction',
  'windowsMobileRestriction',
  'androidRestriction',
  'macOSRestriction',
]
/** … and those that only beta knows, Android Enterprise among them. */
const betaPlatforms = [
  'androidForWorkRestriction',
  'macRestriction',
  'tvosRestriction',
  'visionOSRestriction',
  'windowsHomeSkuRestriction',
]

function onDefault(rows: JsonObject[], change: (row: JsonObject) => JsonObject): JsonObject[] {
  return rows.map((row) => (String(row.id).includes('DefaultPlatformRestrictions') ? { ...row, ...change(row) } : row))
}

const open = {
  platformBlocked: false,
  personalDeviceEnrollmentBlocked: false,
  osMinimumVersion: '',
  osMaximumVersion: '',
}

/** The same configurations as beta writes them: more platforms, more members for each. */
export function betaConfigurations(rows: JsonObject[]): JsonObject[] {
  return onDefault(rows, (row) =>
    Object.fromEntries(
      [...platforms, ...betaPlatforms].map((name) => [
        name,
        { ...open, ...(row[name] as JsonObject | undefined), blockedManufacturers: [], blockedSkus: [] },
      ]),
    ),
  )
}

/** Personally owned devices kept out on every platform the configuration names. */
export function personalDevicesBlocked(rows: JsonObject[]): JsonObject[] {
  return onDefault(rows, (row) =>
    Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => name.endsWith('Restriction'))
        .map(([name, value]) => [name, { ...(value as JsonObject), personalDeviceEnrollmentBlocked: true }]),
    ),
  )
}
