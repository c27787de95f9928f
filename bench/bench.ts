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
    seconds: { type: 'string', default: '5' },
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
    `npm run bench -- ${Object.keys(benches).join('|')} [--json] [--connections 64] [--seconds 5] [--rounds 5]`,
  )
  process.exit(2)
}
// With --json the last line is for programs; the others stay for people.
const { kept, figures } = await bench({ connections, seconds, rounds, say: (line) => console.log(line) })
if (values.json) console.log(JSON.stringify(figures))
if (!kept) {
  console.error(`${positionals[0]}: the budget is broken by a wide margin`)
  process.exitCode = 1
}
