import { command, data, json, Misuse, Refusal, secret, vault } from './command.ts'
import { deletedSecretPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'secret purge',
  says: 'Destroys a deleted secret with all its versions. This is final.',
  more: 'Nothing brings it back. It asks first; where nobody can be asked, it wants --yes.',
  takes: { name: secret },
  options: { yes: { type: 'boolean', says: 'don’t ask' }, vault, data, json },
  examples: ['cardea secret purge db-password', 'cardea secret purge db-password --yes'],
  async run({ name, yes, json, ...where }, world) {
    if (!yes) {
      if (!world.terminal.in) throw new Misuse(`To purge ${name} is final: nothing brings it back. Say so with --yes.`)
      const typed = await world.ask(`To purge ${name} is final: nothing brings it back. Type its name (not shown): `)
      if (typed.trim().toLowerCase() !== name.toLowerCase()) {
        throw new Refusal('not-confirmed', `That is not its name; ${name} is as it was.`)
      }
    }
    return withVault(world, where, async (vault) => {
      await vault.ask('DELETE', deletedSecretPath(name))
      const paint = paintFor(world.terminal)
      world.print(json ? JSON.stringify({ name, purged: true }) : `${paint.name(name)} is purged for good`)
      return 0
    })
  },
})
