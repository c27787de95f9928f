import { parseArgs } from 'node:util'
import type { Options, Outcome } from './measure.ts'
import { idle, startUp } from './process.ts'
import { reads } from './reads.ts'
import { settings } from './settings.ts'
import { writes } from './writes.ts'

/**
 * What we promise about speed, measured: `npm run bench -- reads`. Ratios to a base in the same run, since absolute
 * figures say more about the machine than about us. Fails only when a budget is broken by a wide margin.
 */
const benches: Readonly<Record<string, (options: Options) => Promise<Outcome>>> = {
  reads,
  writes,
  settings,
  idle,
  start: startUp,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string', default: '64' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const bench = benches[positionals[0] ?? '']
const [connections, seconds, rounds] = [values.connections, values.seconds, values.rounds].map(Number) as [
  number,
  number,
  number,
]
if (bench === undefined || ![connections, seconds, rounds].every((number) => Number.isInteger(number) && number > 0)) {
  console.error(
    `npm run bench -- ${Object.keys(benches).join('|')} [--json] [--connections 64] [--seconds 10] [--rounds 5]`,
  )
  process.exit(2)
}
// With --json the last line is for programs; the others stay for people.
const say = (line: string) => console.log(line)
try {
  const { kept, figures } = await bench({ connections, seconds, rounds, say })
  if (values.json) console.log(JSON.stringify(figures))
  if (!kept) fail('the budget is broken by a wide margin')
} catch (error) {
  fail(wordsOf(error))
}

function fail(words: string): void {
  console.error(`${positionals[0]}: ${words}`)
  process.exitCode = 1
}

/** What went wrong first; an error of the clearing up after it comes behind. */
function wordsOf(error: unknown): string {
  if (error instanceof SuppressedError) return `${wordsOf(error.suppressed)}\nthen: ${wordsOf(error.error)}`
  if (!(error instanceof Error)) return String(error)
  const isOurs = [TypeError, ReferenceError, RangeError].some((kind) => error instanceof kind)
  return isOurs ? (error.stack ?? error.message) : error.message
}
