import { waysOut } from '@cardea/contract/cardea/rotations'
import { oneOf } from '@cardea/contract/shape'
import { command, data, json, secret, vault } from './command.ts'
import { rotationPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'rotation settle',
  says: 'Leads a rotation out of "blocked": neither the old credential nor the new one works.',
  more: [
    'retry    tries again with the same candidate, once the administrator is let in again',
    'accept   leaves the target as it is: somebody has put it right by hand',
    'abandon  gives the rotation up, and puts back what is published',
  ].join('\n'),
  takes: { name: secret, way: { says: waysOut.join(', '), shape: oneOf(...waysOut) } },
  options: { vault, data, json },
  examples: ['cardea rotation settle orders-db retry'],
  async run({ name, way, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const { body } = await vault.ask('POST', `${rotationPath(name)}/settle`, { way })
      const paint = paintFor(world.terminal)
      world.print(
        json ? JSON.stringify(body) : `The rotation of ${paint.name(name)} goes on. See: cardea rotation show ${name}`,
      )
      return 0
    })
  },
})
