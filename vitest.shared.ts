import { defineProject } from 'vitest/config'

const conditions = ['@tenantscope/source', 'module', 'node', 'import', 'default']

/** One project per package: sources are tested as they stand, without a build. */
export function packageProject(name: string, overrides: { testTimeout?: number; hookTimeout?: number } = {}) {
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: conditions } },
    test: {
      name,
      passWithNoTests: true,
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      testTimeout: overrides.testTimeout ?? 30_000,
      hookTimeout: overrides.hookTimeout ?? 60_000,
    },
  })
}
