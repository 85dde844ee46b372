// Writes the document that is kept in the package: `npm run openapi`. A test compares the two.
import { writeFileSync } from 'node:fs'
import { openApiDocument } from '../src/index.ts'

writeFileSync(new URL('../openapi.json', import.meta.url), `${JSON.stringify(openApiDocument(), null, 2)}\n`)
