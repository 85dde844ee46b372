export type { AuditLog, ListAuditInput } from './audit/audit.ts'
export * from './benchmarks/benchmark.ts'
export * from './clock/clock.ts'
export * from './credentials/credential.ts'
export type { CredentialInput } from './credentials/credential-input.ts'
export * from './errors/errors.ts'
export type { IdempotencyBegin, IdempotencyKeys } from './idempotency/idempotency-keys.ts'
export * from './logging/logger.ts'
export * from './paging/cursor.ts'
export * from './paging/page.ts'
export * from './queue/in-process-queue.ts'
export * from './queue/queue.ts'
export {
  defaultMessageBytes,
  type LaunchDocument,
  launchDocumentSchema,
  type RemoteMessage,
  remoteMessageSchema,
  type TokenAnswer,
  type TokenQuestion,
  tokenQuestionSchema,
} from './remote/protocol.ts'
export {
  type DispatchedRun,
  isLoopback,
  type RemoteLaunch,
  type RemoteRunnerOptions,
  remoteRunner,
} from './remote/remote-runner.ts'
export type {
  Acceptance,
  RemoteRunKey,
  RemoteRunStatus,
  RemoteRuns,
  RemoteRunsOptions,
  TokenReply,
} from './remote/remote-runs.ts'
export { spoolFormat } from './remote/spool.ts'
export { openTokenAnswer } from './remote/token-seal.ts'
export * from './results/result.ts'
export type { ListResultsInput, Results } from './results/results.ts'
export * from './results/score.ts'
export * from './runner/runner.ts'
export * from './runner/sign-in.ts'
export * from './scans/progress.ts'
export * from './scans/scan.ts'
export * from './scans/scan-state.ts'
export type { ListScansInput, Scans, StartScanInput } from './scans/scans.ts'
export { envelopeSecretStore } from './secrets/envelope.ts'
export { type KeyProvider, type KeyVersion, keyRing, type StaticKey, staticKeys } from './secrets/key-provider.ts'
export * from './secrets/secret-store.ts'
export { type VaultTransitOptions, vaultTransitKeys } from './secrets/vault-transit-keys.ts'
export * from './storage/audit.ts'
export * from './storage/exceptions.ts'
export * from './storage/idempotency.ts'
export * from './storage/memory/memory-storage.ts'
export * from './storage/remote-runs.ts'
export * from './storage/schedules.ts'
export * from './storage/storage.ts'
export * from './storage/transaction.ts'
export * from './storage/webhook-store.ts'
export * from './tenants/m365-tenant.ts'
export type {
  ListM365TenantsInput,
  RegisterM365TenantInput,
  UpdateM365TenantInput,
} from './tenants/m365-tenant-input.ts'
export type { M365Tenants } from './tenants/m365-tenants.ts'
export * from './tenants/preflight.ts'
export type { PreflightInput } from './tenants/preflight-run.ts'
export * from './tenantscope.ts'
export { endpointSecretContext } from './webhooks/endpoint-secret.ts'
export type {
  CreateWebhookEndpointInput,
  ListWebhookDeliveriesInput,
  ListWebhookEndpointsInput,
  RotateWebhookSecretInput,
  UpdateWebhookEndpointInput,
} from './webhooks/webhook-input.ts'
export { subscribableEventTypes } from './webhooks/webhook-input.ts'
export type { WebhooksOptions } from './webhooks/webhook-options.ts'
export type { WebhookEndpointSummary, WebhookEndpointWithSecret, Webhooks } from './webhooks/webhooks.ts'
