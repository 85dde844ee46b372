import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Vitest keeps one core for itself by default, which on two cores halves the speed; most suites wait for PowerShell or PostgreSQL anyway.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: ['packages/*', 'powershell', 'examples/*', 'faults'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
  },
})
