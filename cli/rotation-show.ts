import { command, data, json, secret, vault } from './command.ts'
import { paintFor } from './print.ts'
import { describe, rotationOf } from './rotation-view.ts'
import { withVault } from './service.ts'

export default command({
  name: 'rotation show',
  says: 'Shows how a secret rotates, where its rotation stands, and who still runs on what.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea rotation show orders-db'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const view = await rotationOf(vault, name)
      if (json) world.print(JSON.stringify(view))
      else for (const line of describe(view, paintFor(world.terminal), world.now())) world.print(line)
      return 0
    })
  },
})
