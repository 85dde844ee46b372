import { availableParallelism } from 'node:os'
import { defineProject } from 'vitest/config'

// Without 'import': Vitest hands these on to Node for `require` as well, and a CommonJS package must not get its ES module there.
const conditions = ['@tenantscope/source', 'node']

/** One project per package: sources are tested as they stand, without a build. */
export function packageProject(name: string, overrides: { testTimeout?: number; hookTimeout?: number } = {}) {
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      // Each project counts for itself. Vitest leaves one core free, which on two cores halves the speed, though most suites wait for PowerShell or PostgreSQL.
      maxWorkers: Math.max(2, availableParallelism()),
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: overrides.testTimeout ?? 30_000,
      hookTimeout: overrides.hookTimeout ?? 60_000,
    },
  })
}
