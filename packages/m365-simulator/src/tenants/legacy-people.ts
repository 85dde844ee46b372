import { user } from './directory.ts'
import { mailName, type People } from './fresh.ts'
import { skus } from './licences.ts'
import type { Identity } from './merge.ts'
import type { DirectoryUser } from './types.ts'

/** The people of the old tenant, and those who matter by name. */
export interface LegacyCast {
  people: People
  syncedAdmin: DirectoryUser
  formerlySynced: DirectoryUser
  syncAccount: DirectoryUser
  disabledAdmin: DirectoryUser
  externalAdmin: DirectoryUser
}

const staffNames = [
  'Arturo Lopez',
  'Bianca Pisani',
  'Brian Johnson',
  'Delia Dennis',
  'Emily Braun',
  'Gerhart Moller',
  'Henrietta Mueller',
  'Jordan Miller',
  'Ken Takahashi',
  'Leonardo Rossi',
  'Marta Duarte',
  'Naomi Kellerman',
]

export function legacyPeople(identity: Identity, customDomains: string[]): LegacyCast {
  const { tenantId, initialDomain, domain } = identity
  const licensed = [skus.e5.skuId]
  const second = customDomains[1] ?? domain
  const make = (input: Parameters<typeof user>[1], changes: Partial<DirectoryUser> = {}): DirectoryUser =>
    Object.assign(user(tenantId, input), changes)
  const syncedAdmin = make({
    name: 'svc-admin',
    displayName: 'Domain Admin',
    domain,
    skuIds: [...licensed, skus.e3.skuId],
    synced: true,
  })
  // Synchronisation was switched off for this account: the property stays, and says false.
  const formerlySynced = make({
    name: 'h.mueller-adm',
    displayName: 'Henrietta Mueller (admin)',
    domain,
    synced: false,
  })
  const syncAccount = make(
    {
      name: 'Sync_DC01_1a2b3c4d5e6f',
      displayName: 'On-Premises Directory Synchronization Service Account',
      domain: initialDomain,
    },
    { mail: null, givenName: null, surname: null },
  )
  const disabledAdmin = make({ name: 'former.admin', displayName: 'Former Admin', domain, accountEnabled: false })
  const externalAdmin = make({
    name: 'consultant_example.net#EXT#',
    displayName: 'External Consultant',
    domain: initialDomain,
    guest: true,
  })
  const staff = staffNames.map((displayName, index) =>
    make(
      {
        name: mailName(displayName),
        displayName,
        domain: index % 3 === 0 ? second : domain,
        skuIds: licensed,
        synced: index % 4 !== 3,
      },
      // Accounts older than the property have no type at all.
      index === 2 ? { userType: null } : index === 5 ? { givenName: null, surname: null, jobTitle: '' } : {},
    ),
  )
  const people: People = {
    founder: make({ name: 'admin', displayName: 'Admin', domain: initialDomain, skuIds: licensed }),
    admins: [syncedAdmin, formerlySynced, syncAccount, disabledAdmin],
    staff,
    guests: [
      externalAdmin,
      make({ name: 'agency_example.org#EXT#', displayName: 'Agency', domain: initialDomain, guest: true }),
    ],
    shared: [
      make({ name: 'sales', displayName: 'Sales', domain, synced: true }),
      make({ name: 'room1', displayName: 'Room 1', domain, accountEnabled: false }),
    ],
  }
  return { people, syncedAdmin, formerlySynced, syncAccount, disabledAdmin, externalAdmin }
}
