import { command, data, json, secret, vault } from './command.ts'
import { deletedSecretPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'secret recover',
  says: 'Brings back a deleted secret with all its versions.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret recover db-password'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      await vault.ask('POST', `${deletedSecretPath(name)}/recover`)
      const paint = paintFor(world.terminal)
      world.print(json ? JSON.stringify({ name, recovered: true }) : `${paint.name(name)} is back`)
      return 0
    })
  },
})
