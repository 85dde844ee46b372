export type {
  DoomedConsumer,
  MadeQueue,
  OpenQueues,
  QueueCapabilities,
  QueueSuiteContext,
  QueueSuiteOptions,
} from './queue/context.ts'
export { newEntry as newQueueEntry, Recorder as QueueRecorder } from './queue/recorder.ts'
export { queueSuite } from './queue/suite.ts'
export type {
  MadeRunner,
  OpenRunner,
  RunnerCapabilities,
  RunnerScenario,
  RunnerSuiteContext,
  RunnerSuiteOptions,
} from './runner/context.ts'
export { runnerSuite } from './runner/suite.ts'
export type { SecretStoreCapabilities, SecretStoreSuiteContext, SecretStoreSuiteOptions } from './secrets/context.ts'
export { secretStoreSuite } from './secrets/suite.ts'
export type { MadeStorage, StorageCapabilities, StorageSuiteOptions, SuiteContext, TestApi } from './storage/context.ts'
export { type Furnished, foreignCalls, furnish } from './storage/isolation.ts'
export {
  addDelivery,
  addEndpoint,
  auditOf,
  deliveriesOf,
  sampleAudit,
  sampleEndpoint,
  sampleException,
  sampleSchedule,
} from './storage/later-samples.ts'
export {
  addRunning,
  addScan,
  addTenant,
  eventsOf,
  finishOf,
  newPlatformTenant,
  recordOf,
  resultsOf,
  sampleCredential,
  sampleEvent,
  sampleEvidence,
  sampleFinding,
  sampleResult,
  sampleScan,
  sampleTenant,
} from './storage/samples.ts'
export { storageSuite } from './storage/suite.ts'
