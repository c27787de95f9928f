import type { RotationItem } from '@cardea/contract/cardea/rotation-plan'
import { command, data, json, vault } from './command.ts'
import { paintFor, shown, table, when } from './print.ts'
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
      if (json) world.print(JSON.stringify(items))
      else if (items.length === 0) {
        world.print(`No secret of ${vault.origin} is bound to a provider yet.`)
        world.print('Bind one with: cardea rotation bind NAME --provider PROVIDER')
      } else {
        const paint = paintFor(world.terminal.colours)
        const now = world.now()
        const rows = items.map((item) => [
          paint.name(item.secret),
          item.provider,
          shown(rhythmText(item)),
          item.due === null ? paint.dim('on demand') : item.due * 1000 <= now ? 'now' : when(item.due, now),
          stateOf(item, now),
          shown(item.rotation?.lastError ?? ''),
        ])
        const heads = ['SECRET', 'PROVIDER', 'RHYTHM', 'NEXT', 'LAST', 'LAST SAID'].map((head) => ({ head }))
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })

    function stateOf({ rotation }: RotationItem, now: number): string {
      const paint = paintFor(world.terminal.colours)
      if (rotation === null) return paint.dim('never')
      const text = `${rotation.state} ${when(rotation.entered, now)}`
      if (rotation.state === 'blocked' || rotation.state === 'aborted') return paint.bad(text)
      return rotation.state === 'done' ? text : paint.warn(text)
    }
  },
})
