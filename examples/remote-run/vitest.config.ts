import { packageProject } from '../../vitest.shared.ts'

export default packageProject('remote-run', { testTimeout: 120_000, hookTimeout: 120_000 })
