import { packageProject } from '../../vitest.shared.ts'

export default packageProject('reference-server', { testTimeout: 120_000, hookTimeout: 120_000 })
