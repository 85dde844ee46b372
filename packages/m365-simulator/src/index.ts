export { type DnsCode, SimulatedDnsError } from './dns/dns.ts'
export type { ReadRecord, RequestRecord } from './engine/answers.ts'
export {
  type ChangeableKnobs,
  type Fault,
  type FaultKind,
  type LatencyProfile,
  type ServiceName,
  SimulatorOptionError,
  type SimulatorOptions,
  type ThrottleOptions,
} from './engine/knobs.ts'
export { noLatency, profileV1 } from './engine/latency.ts'
export type { RateLimitChoice, RateLimitName } from './engine/limits.ts'
export { sourceIds } from './engine/sources.ts'
export { type Tally, tally } from './engine/tally.ts'
export { type Simulator, startSimulator } from './simulator.ts'
export { graphReadPermissions } from './tenants/application.ts'
export { builtInTenant, builtInTenantNames } from './tenants/built-in.ts'
export { e5Tenant } from './tenants/e5.ts'
export { freshTenant } from './tenants/fresh.ts'
export { hardenedInputs, hardenedTenant } from './tenants/hardened.ts'
export { largeTenant } from './tenants/large.ts'
export { legacyTenant } from './tenants/legacy.ts'
export { businessBasicPlans, e3Plans, e5Plans } from './tenants/licences.ts'
export { noLicencesTenant } from './tenants/no-licences.ts'
export type { Scale } from './tenants/numbered.ts'
export { roleTemplateId } from './tenants/roles.ts'
export type {
  ActivatedRole,
  AppRegistration,
  ComplianceData,
  DirectoryGroup,
  DirectoryUser,
  DnsAnswer,
  ExchangeData,
  FabricData,
  FederatedCredential,
  GraphData,
  Json,
  JsonObject,
  LicenceSku,
  OperatorInputs,
  PasswordUser,
  Readings,
  ResourceName,
  SharePointData,
  TeamsData,
  TenantDocument,
  TenantOverrides,
} from './tenants/types.ts'
export { unicodeTenant } from './tenants/unicode.ts'
export { type AwkwardName, awkwardNames } from './tenants/unicode-names.ts'
export { type TestCertificate, testCertificate } from './testing/certificate.ts'
