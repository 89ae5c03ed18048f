/** `@flowport/host-node/certify`: makes a flow's effects under real faults, counts them, and reports the result. */
export { CertifyError } from './lib/certify/app-process.ts'
export { certify } from './lib/certify/certify.ts'
export {
  type CertificationOverrides,
  defineCertification,
  type DefinedCertification,
  type Prepared,
} from './lib/certify/define.ts'
export { type Violation, violations } from './lib/certify/judge.ts'
export type { BoundResource } from './lib/certify/messages.ts'
export {
  type CertifyOptions,
  type EffectCount,
  type Fault,
  faults,
  isFault,
} from './lib/certify/options.ts'
export {
  type Certification,
  certificationText,
  type CertifiedEffect,
  formatCertification,
  type Vector,
} from './lib/certify/report.ts'
