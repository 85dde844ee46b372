import { mergeConfig } from 'vitest/config'
import { packageProject } from '../../vitest.shared.ts'

export default mergeConfig(packageProject('adapter-postgres'), { test: { globalSetup: ['test/global-setup.ts'] } })
