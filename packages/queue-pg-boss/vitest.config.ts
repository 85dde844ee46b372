import { mergeConfig } from 'vitest/config'
import { packageProject } from '../../vitest.shared.ts'

export default mergeConfig(packageProject('queue-pg-boss'), {
  test: { globalSetup: ['../adapter-postgres/test/global-setup.ts'] },
})
