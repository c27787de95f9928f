import { command, data, json, secret, vault } from './command.ts'
import { rotationPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'rotation unbind',
  says: 'Unbinds a secret: it rotates no more, and keeps the value that it has.',
  more: 'A rotation that is under way is taken back, or, if its credential is published already, comes to its end.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea rotation unbind orders-db'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      await vault.ask('DELETE', rotationPath(name))
      const paint = paintFor(world.terminal)
      world.print(
        json
          ? JSON.stringify({ name, bound: false })
          : `${paint.name(name)} is unbound and rotates no more; a value that it has stays`,
      )
      return 0
    })
  },
})
