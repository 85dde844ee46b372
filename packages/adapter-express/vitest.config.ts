import { packageProject } from '../../vitest.shared.ts'

const project = packageProject('adapter-express')
// Vitest hands these on to Node, which applies them to `require` too: with `import` among them, Express's own require('is-promise') gets an ES module
// and every handler counts as failed.
const conditions = ['@tenantscope/source', 'node']
project.ssr = { resolve: { conditions, externalConditions: conditions } }

export default project
