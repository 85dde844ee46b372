import { checks, needsOf } from './catalogue.ts'
import { mayBeNull, type StateLine, type ValueLine } from './mutation-lines.ts'

// What a verdict has to answer when a source was not read, or when a value is not what it was.

/** What a state of a source makes of a control that needs it. */
const answerOfState: Record<string, string> = {
  denied: 'error permission_missing',
  not_supported: 'error credential_cannot_read',
  unavailable: 'error unavailable',
  timeout: 'error timeout',
  throttled: 'error throttled',
  not_found: 'error not_found',
  unlicensed: 'not_applicable not_licensed',
  not_collected: 'not_run not_collected',
}

const answerOf = (state: string) => answerOfState[state] ?? 'error unexpected_data'

/** The answer of the worst of these states. The table is not in that order. */
function worst(states: string[]): string {
  const order = [
    'denied',
    'not_supported',
    'unavailable',
    'timeout',
    'throttled',
    'not_found',
    'unlicensed',
    'not_collected',
  ]
  const unknown = states.some((state) => !order.includes(state))
  return answerOf(unknown ? 'unexpected_data' : (order.find((state) => states.includes(state)) ?? ''))
}

/** The answers that are right for a source, or one entry of it, that is in this state. `status` or `status reason`. */
export function rightAnswers(line: StateLine): string[] {
  const check = checks.get(line.check)
  const need = check && needsOf(check).find(({ sources }) => sources.includes(line.source))
  if (!need) return []
  // A state nobody knows, or "read" without data.
  const broken = answerOfState[line.state] === undefined
  const answer = answerOf(line.state)
  if (line.entry !== null) {
    // One object of many: the others were read, so the control is neither unlicensed nor not run.
    const ofEntry = `error ${answer.split(' ')[1]}`
    return need.entries === 'partial' || need.optional
      ? [ofEntry, line.base, 'manual', 'error unexpected_data']
      : [ofEntry]
  }
  // Another source that was read answers instead, as it sees fit; else the worst of all states does.
  if (line.others.includes('read')) return ['pass', 'fail', 'manual', 'not_applicable', 'error unexpected_data']
  if (need.sources.length > 1) return [worst([line.state, ...line.others])]
  if (broken) return [answer]
  if (line.state === 'not_found' && need.notFound === 'not_applicable') return ['not_applicable not_found']
  // The verdict runs: what is not there protects nobody, so it may take a pass away, never give one.
  if (line.state === 'not_found' && need.notFound === 'empty') return [line.base, 'fail', 'manual', 'not_applicable']
  if (need.optional) return [answer, line.base, 'manual']
  return [answer]
}

export function isRightAnswer(line: StateLine): boolean {
  return rightAnswers(line).some((right) => right === line.status || right === `${line.status} ${line.reasonCode}`)
}

/**
 * Is the answer to a changed value one that the rules themselves allow? Lines are only about answers that are not "unexpected
 * data", where the value was read or the answer changed.
 */
export function isAllowedByRule(line: ValueLine, emptied: ReadonlyMap<string, string>): boolean {
  // Null where the contract allows null is data.
  if (line.mutation === 'null' && mayBeNull(line.source, line.shape) === true) return true
  // A list that is null means the same as one that is empty, or is refused.
  if (line.mutation === 'null' && emptied.get(placeOf(line)) === line.status) return true
  if (line.mutation === 'null' && line.value === 'empty list') return line.same
  // An emptied list is data of the right kind; it must not make a pass, nor leave one that it decided.
  if (line.mutation === 'empty') return line.status !== 'pass' || line.same
  // What a verdict asks for before it reads it may be absent, as long as that changes nothing.
  if (line.mutation === 'absent' && ['optional', 'tested'].includes(line.access)) return line.same
  return false
}

export const placeOf = ({ check, case: name, source, path }: ValueLine): string =>
  [check, name, source, path].join('\n')
