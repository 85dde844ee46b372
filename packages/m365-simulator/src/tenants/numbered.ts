import { createHash } from 'node:crypto'
import { skus } from './licences.ts'
import type { Identity } from './merge.ts'
import type { DirectoryUser, Json } from './types.ts'

/** How much of everything a large tenant holds. */
export interface Scale {
  users: number
  mailboxes: number
  groups: number
  conditionalAccessPolicies: number
  servicePrincipals: number
  sites: number
  accessReviews: number
  /** Standing assignments of a role that a scan only counts. */
  roleAssignments: number
}

export const usualScale: Scale = {
  users: 20_000,
  mailboxes: 8000,
  groups: 400,
  conditionalAccessPolicies: 120,
  servicePrincipals: 3000,
  sites: 1500,
  accessReviews: 250,
  roleAssignments: 1500,
}

const prefixes = new Map<string, string>()

/** A GUID that counts: the tenant and the kind in front, the number behind. One hash for a kind, not for each object. */
export function numberedGuid(tenantId: string, kind: string, index: number): string {
  const key = `${tenantId} ${kind}`
  let prefix = prefixes.get(key)
  if (prefix === undefined) {
    const hex = createHash('sha256').update(key).digest('hex')
    prefix = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-`
    prefixes.set(key, prefix)
  }
  return prefix + index.toString(16).padStart(12, '0')
}

const firstNames =
  'Aiko Amara Ben Carla Chen Dmitri Elif Farah Giulia Hamid Ines Jonas Kofi Lena Malik Nadia Omar Priya Quentin Rosa Sven Tariq Uma Vera Wei Yara Zoe'.split(
    ' ',
  )
const lastNames =
  'Adler Bauer Costa Diallo Eriksen Fischer Gupta Haddad Ivanov Jensen Kowalski Lopez Moreau Nguyen Okafor Petrov Rossi Sato Tanaka Ulrich Varga Weber Yilmaz Zhang'.split(
    ' ',
  )

const frozen = (skuIds: string[]) =>
  Object.freeze(skuIds.map((skuId) => Object.freeze({ disabledPlans: Object.freeze([]), skuId }))) as unknown as Json[]
const licensed = frozen([skus.e5.skuId])
const unlicensed = frozen([])
const noPhones = Object.freeze([]) as unknown as Json[]

/** One in so many, by number: the first of them is never the first of all. */
export const every = (count: number, index: number) => index % count === count - 1

/** The first three are administrators with accounts of their own; some of the others are guests, some have left. */
export function numberedUser({ tenantId, initialDomain, domain }: Identity, index: number): DirectoryUser {
  const admin = index < 3
  const guest = !admin && every(25, index)
  const givenName = firstNames[index % firstNames.length] ?? ''
  const surname = lastNames[Math.floor(index / firstNames.length) % lastNames.length] ?? ''
  const name = admin
    ? `adm${index}`
    : guest
      ? `guest${index}_example.org#EXT#`
      : `${givenName}.${surname}.${index}`.toLowerCase()
  const userPrincipalName = `${name}@${admin || guest ? initialDomain : domain}`
  return {
    id: numberedGuid(tenantId, 'user', index),
    userPrincipalName,
    displayName: `${givenName} ${surname}`,
    accountEnabled: !every(30, index),
    userType: guest ? 'Guest' : 'Member',
    onPremisesSyncEnabled: admin || guest ? null : true,
    assignedLicenses: admin || guest ? unlicensed : licensed,
    businessPhones: noPhones,
    givenName,
    surname,
    jobTitle: null,
    mail: userPrincipalName,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
  }
}

export function isGuest(user: DirectoryUser): boolean {
  return user.userType === 'Guest'
}
