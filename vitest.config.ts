import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['packages/*', 'powershell', 'examples/*'],
    coverage: { provider: 'v8', include: ['packages/*/src/**'] },
  },
})
