/** `testApp` runs an app inside a test, with any test runner. The suites for hosts are in `@flowport/flow/testing/host`. */
export { testApp, type TestApp, type TestAppOptions } from './lib/testing/app/test-app.ts'
export type { DeliveredForTest } from './lib/testing/app/deliver.ts'
export type { LoggedRecord, RecordedCall } from './lib/testing/app/records.ts'
export type { AnswerHttp } from './lib/testing/app/stores.ts'
export type { TickedRun } from './lib/testing/app/tick.ts'
export { ManualClock } from '@flowport/capabilities/memory'
