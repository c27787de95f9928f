import type { RotationItem } from '@cardea/contract/cardea/rotation-plan'
import { command, data, json, vault } from './command.ts'
import { list } from './listing.ts'
import { type Paint, shown, when } from './print.ts'
import { rhythmText } from './rotation-view.ts'
import { pagesOf, withVault } from './service.ts'

export default command({
  name: 'rotation list',
  says: 'Lists what is bound in a vault: when each secret rotates next, and how its last rotation went.',
  takes: {},
  options: { vault, data, json },
  examples: ['cardea rotation list'],
  async run({ json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const items = await pagesOf<RotationItem>(vault, '/.cardea/rotations', 'value', 'nextLink')
      const now = world.now()
      return list(world, items, {
        json,
        heads: ['SECRET', 'PROVIDER', 'RHYTHM', 'NEXT', 'LAST', 'LAST SAID'],
        none: [
          `No secret of ${vault.origin} is bound to a provider yet.`,
          'Bind one with: cardea rotation bind NAME --provider PROVIDER',
        ],
        row: (item, paint) => [
          paint.name(item.secret),
          item.provider,
          shown(rhythmText(item)),
          item.due === null ? paint.dim('on demand') : item.due * 1000 <= now ? 'now' : when(item.due, now),
          stateOf(item, now, paint),
          shown(item.rotation?.lastError ?? ''),
        ],
      })
    })
  },
})

function stateOf({ rotation }: RotationItem, now: number, paint: Paint): string {
  if (rotation === null) return paint.dim('never')
  const text = `${rotation.state} ${when(rotation.entered, now)}`
  if (rotation.state === 'blocked' || rotation.state === 'aborted') return paint.bad(text)
  return rotation.state === 'done' ? text : paint.warn(text)
}
