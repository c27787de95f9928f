import { type SecretBundle, secretVersion } from '@cardea/contract/vault/secrets'
import { command, data, json, secret, vault } from './command.ts'
import { secretPath } from './paths.ts'
import { withVault } from './service.ts'

export default command({
  name: 'secret show',
  says: 'Prints the value of a secret, and nothing else.',
  takes: { name: secret },
  options: {
    version: { type: 'string', value: 'VERSION', says: 'this version instead of the latest', shape: secretVersion },
    vault,
    data,
    json,
  },
  examples: ['cardea secret show db-password', 'PGPASSWORD="$(cardea secret show db-password)" psql'],
  async run({ name, version, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const {
        id,
        value = '',
        attributes,
        contentType,
        tags,
      } = (await vault.ask<SecretBundle>('GET', `${secretPath(name)}/${version ?? ''}`)).body
      // A program that reads us gets the value byte for byte; a person's prompt begins on a line of its own.
      if (!json) world.write(world.terminal.out ? `${value}\n` : value)
      else
        world.print(
          JSON.stringify({ name, version: id.slice(id.lastIndexOf('/') + 1), value, contentType, tags, attributes }),
        )
      return 0
    })
  },
})
