import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { crashMatrix } from './crash-matrix.ts'
import { pageOf } from './rotation-crash-page.ts'
import { crashable, targetCrashes } from './target-crashes.ts'
import { targets } from './targets/targets.ts'

/** The whole crash matrix, by hand; the tests run a part of it. */
const help = `npx node conformance/rotation-crash.ts [--provider NAME]… [--half cardea|targets] [--out FILE] [--json]

Kills the real server (SIGKILL) right before and right after each step of each provider's rotation, and then the real
targets at every packet of a rotation that they are sent; begins them again, and looks at the vault and at the target how
the rotation ended. It takes some minutes of a quiet machine, and ends with 1 if one rotation didn't end well.

  --provider  only this one; may be given several times. There are:
              ${Object.keys(targets).join(', ')}
  --half      cardea: only Cardea is killed; targets: only the targets that are servers, which are those of
              ${crashable.join(', ')}
  --out       keeps the page, as docs/conformance/rotation-crash.md
  --json      the last line is for programs
  --help      this`

const { values } = parseArgs({
  options: {
    provider: { type: 'string', multiple: true },
    half: { type: 'string' },
    out: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit(0)
}
const { provider: providers = Object.keys(targets), half } = values
const unknown = providers.filter((provider) => !(provider in targets))
if (unknown.length > 0 || ![undefined, 'cardea', 'targets'].includes(half)) {
  console.error(unknown.length > 0 ? `There is no provider ${unknown.join(', ')}.` : `There is no half ${half}.`)
  console.error(`\n${help}`)
  process.exit(2)
}

const say = (line: string) => console.error(line)
const servers = crashable.filter((provider) => providers.includes(provider))
const began = performance.now()
const columns = half === 'targets' ? [] : await crashMatrix({ providers, say })
const crashes = half === 'cardea' || servers.length === 0 ? [] : await targetCrashes({ providers: servers, say })
const seconds = Math.round((performance.now() - began) / 1000)

// Over the last five minutes.
const load = loadavg()[1] ?? 0
const page = pageOf({ columns, crashes, seconds, load }, new Date())
if (values.out !== undefined) writeFileSync(values.out, page)
console.log(page)
const wrong = [...columns.flatMap(({ deaths }) => deaths), ...crashes.flatMap((one) => one.crashes)].filter(
  (one) => one.wrong.length > 0,
).length
if (values.json) console.log(JSON.stringify({ check: 'rotation-crash', columns, crashes, seconds, wrong }))
process.exitCode = wrong === 0 ? 0 : 1
