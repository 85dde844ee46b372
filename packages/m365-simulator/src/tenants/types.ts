/** A JSON value as Microsoft's services send it. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }
export type JsonObject = { [name: string]: Json }

/** The resource APIs that hand out application permissions of their own. */
export type ResourceName = 'graph' | 'exchange' | 'compliance' | 'teams' | 'sharepoint' | 'fabric'

/** A workload identity provider the application trusts instead of a secret. */
export interface FederatedCredential {
  issuer: string
  subject: string
  /** SPKI, PEM. */
  publicKey: string
}

/** An account that may sign in with its password (the legacy grant). */
export interface PasswordUser {
  userPrincipalName: string
  password: string
  state: 'ok' | 'mfaRequired' | 'disabled' | 'locked' | 'passwordExpired'
  /** Role template ids, claim `wids`. */
  directoryRoles: string[]
}

/** The application a scanner signs in with, as it stands in one tenant. */
export interface AppRegistration {
  clientId: string
  /** The secret that works. `expiredSecrets` are recognised and answered with AADSTS7000222. */
  clientSecret: string
  expiredSecrets: string[]
  /** PEM certificates (public part only) whose holders may sign client assertions. */
  certificates: string[]
  federatedCredentials: FederatedCredential[]
  /** "Allow public client flows": the password grant then needs no secret. */
  publicClient: boolean
  /** Object id of the service principal, claim `oid`. */
  objectId: string
  displayName: string
  enabled: boolean
  /** Consented application permissions per resource: claim `roles`. */
  appRoles: Record<ResourceName, string[]>
  /** Role template ids assigned to the service principal: claim `wids`. */
  directoryRoles: string[]
}

export interface DirectoryUser {
  [property: string]: Json
  id: string
  userPrincipalName: string
  displayName: string
}

export interface DirectoryGroup {
  [property: string]: Json
  id: string
  displayName: string
  /** Ids of users, groups or service principals. Never part of an answer. */
  members: string[]
}

export interface ActivatedRole {
  [property: string]: Json
  id: string
  displayName: string
  roleTemplateId: string
  members: string[]
}

export interface LicenceSku {
  skuId: string
  skuPartNumber: string
  servicePlans: string[]
  consumedUnits: number
  enabledUnits: number
}

export interface GraphData {
  users: DirectoryUser[]
  groups: DirectoryGroup[]
  servicePrincipals: JsonObject[]
  directoryRoles: ActivatedRole[]
  roleAssignmentScheduleInstances: JsonObject[]
  domains: JsonObject[]
  /** Legacy per-user MFA by user id; a user that is not named is `disabled`. */
  perUserMfaState: Record<string, string>
  userRegistrationDetails: JsonObject[]
  skus: LicenceSku[]
  onPremisesSyncEnabled: boolean | null
  /** Everything that is one object or one small list, by path (beta paths with `beta/` in front). */
  resources: Record<string, JsonObject | JsonObject[]>
}

export interface ExchangeData {
  /** Rows by server cmdlet, plain values; wire annotations are added when they are sent. */
  cmdlets: Record<string, JsonObject[]>
}

export interface ComplianceData {
  cmdlets: Record<string, JsonObject[]>
  /** First label of the regional host; null: the front door serves the tenant itself. */
  region: string | null
  /** Whether the three cmdlets also answer on the Exchange host. */
  answersOnExchangeHost: boolean
}

export interface TeamsData {
  /** Instances by configuration type. */
  configurations: Record<string, JsonObject[]>
  /** XML schema name by configuration type, for the `Key` member. */
  schemas: Record<string, string>
}

export interface SharePointData {
  /** First label of the root site's host. */
  prefix: string
  tenant: JsonObject
  sites: JsonObject[]
  sitePageSize: number
}

export interface FabricData {
  settings: JsonObject[]
  envelope: 'tenantSettings' | 'value'
  pageSize: number
  /** The admin portal's setting that lets service principals use read-only admin APIs. */
  servicePrincipalsAllowed: boolean
}

/** How a tenant's services answer where public sources disagree or are silent: a scanner has to accept every reading. */
export interface Readings {
  /** Graph's SharePoint, apps and forms settings: bare, inside `value`, inside `settings`, or inside both. */
  adminSettings: 'flat' | 'value' | 'settings' | 'valueSettings'
  /** Conditional access policies in a tenant without Entra ID P1. */
  conditionalAccessWithoutP1: 'emptyList' | 'licenceError'
  /** What privileged identity management says without Entra ID P2. */
  pimWithoutP2: 400 | 403
  /** Access reviews in a tenant without Entra ID P2. */
  accessReviewsWithoutP2: 'noLicense' | 'denied' | 'emptyList'
  /** What a missing permission looks like: with words inside `error`, or as a bare object without it. */
  pimDenied: 'error' | 'bare'
  /** … and at Intune. */
  intuneDenied: 'forbidden' | 'unknownError'
  /** Directory synchronisation, read by an application. */
  onPremisesSynchronization: 'collection' | 'single' | 'denied'
  /** Data loss prevention policies in a tenant without a plan for it. */
  dlpWithoutLicence: 'emptyList' | 'denied'
}

/** Answers of an operator that no interface of Microsoft 365 gives. */
export type OperatorInputs = Record<string, string[]>

export type DnsAnswer = string[] | { error: 'ENOTFOUND' | 'ENODATA' | 'ESERVFAIL' | 'EREFUSED' | 'ETIMEOUT' }

export interface TenantDocument {
  name: string
  tenantId: string
  displayName: string
  initialDomain: string
  /** Further verified mail domains. */
  customDomains: string[]
  app: AppRegistration
  passwordUsers: PasswordUser[]
  /** Names of the enabled service plans: what the tenant is licensed for. */
  servicePlans: string[]
  graph: GraphData
  exchange: ExchangeData
  compliance: ComplianceData
  teams: TeamsData
  sharepoint: SharePointData
  fabric: FabricData
  readings: Readings
  /** TXT records by lower-case name. A name that is absent does not exist. */
  dns: Record<string, DnsAnswer>
}

type Overrides<T> = T extends (infer _)[] ? T : T extends object ? { [K in keyof T]?: Overrides<T[K]> | undefined } : T

export type TenantOverrides = Overrides<TenantDocument>
