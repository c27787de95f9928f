import type { DeletedSecretBundle } from '@cardea/contract/vault/secrets'
import { command, data, json, secret, vault } from './command.ts'
import { secretPath } from './paths.ts'
import { paintFor, when } from './print.ts'
import { withVault } from './service.ts'

export default command({
  name: 'secret delete',
  says: 'Deletes a secret with all its versions. It can be recovered until its purge.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret delete db-password'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const { deletedDate: deleted, scheduledPurgeDate: purge } = (
        await vault.ask<DeletedSecretBundle>('DELETE', secretPath(name))
      ).body
      if (json) world.print(JSON.stringify({ name, deleted, purge }))
      else {
        const paint = paintFor(world.terminal)
        world.print(`${paint.name(name)} is deleted, and will be purged ${when(purge, world.now())}`)
        world.print(`Until then it comes back with: cardea secret recover ${name}`)
      }
      return 0
    })
  },
})
