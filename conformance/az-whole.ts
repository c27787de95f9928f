import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openHouse } from '@cardea/server/testing/house'
import { findAz, jsonOf, openAz } from './az.ts'
import { scenes } from './az-scenes.ts'

/**
 * Every scene with an az that has all its modules, such as Debian 13's in a folder of its own; needs root for `chroot`.
 *
 *     debootstrap --variant=minbase trixie /srv/trixie && chroot /srv/trixie apt-get install -y --no-install-recommends azure-cli
 *     npx node conformance/az-whole.ts --root /srv/trixie --out docs/conformance/az.md
 *
 * Ends with 1 when a scene went another way than it should.
 */
const { values } = parseArgs({ options: { root: { type: 'string', default: '/' }, out: { type: 'string' } } })
const root = findAz(values.root)
if (root === undefined) throw new Error(`There is no az under ${values.root}; name its root with --root.`)

await using house = await openHouse()
using az = openAz({ env: house.env, root })
const { 'azure-cli': version } = await az.done('az version')
const rows: string[] = []
let wrong = 0
for (const { says, line, refused, holds = () => true } of scenes) {
  const { code, out, error } = await az.run(line)
  const well = refused === undefined ? code === 0 && holds(jsonOf(out)) : code !== 0 && refused.test(error)
  if (!well) wrong += 1
  console.log(`${well ? '✔' : '✖'} ${says}\n  $ ${line}${well ? '' : `\n${out}\n${error}`}`)
  rows.push(`| ${well ? 'yes' : '**no**'} | ${says} | \`${line.replaceAll('|', '\\|')}\` |`)
}
console.log(`${scenes.length - wrong} of ${scenes.length} with az ${version}`)
if (values.out !== undefined) {
  writeFileSync(
    values.out,
    [
      `# az ${version} against Cardea`,
      '',
      'Made by `npx node conformance/az-whole.ts`; each line was typed in this order at a fresh installation, with the variables of',
      '`cardea env`. "Yes" means that it did what its words say, or was refused where they say so.',
      '',
      `| ${scenes.length - wrong} of ${scenes.length} | | |`,
      '|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  )
}
process.exitCode = wrong === 0 ? 0 : 1
