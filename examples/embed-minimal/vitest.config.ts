import { packageProject } from '../../vitest.shared.ts'

export default packageProject('embed-minimal', { testTimeout: 120_000, hookTimeout: 120_000 })
