import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'powershell', 'examples/*', 'faults'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
  },
})
