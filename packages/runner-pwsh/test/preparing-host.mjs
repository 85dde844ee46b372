// A host process with an engine on standby. `stay`: it goes on until the test kills it. `leave`: it has nothing else to do.
import { pwshRunner } from '../src/index.ts'

const runner = pwshRunner({ standby: 1 })
await runner.prepare()
if (process.argv[2] === 'stay') setInterval(() => {}, 1000)
// The test looks at the engine first.
setTimeout(() => {}, 2000)
process.stdout.write('prepared\n')
