import type { Backup } from '@cardea/contract/vault/objects'
import type { SecretBundle } from '@cardea/contract/vault/secrets'
import { command, data, json, Misuse, secret, vault } from './command.ts'
import { intoNewFile } from './new-file.ts'
import { secretPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'
import { fileContent } from './value.ts'

/** A secret with all its versions as one sealed file, out and in again. */
export const secretBackup = command({
  name: 'secret backup',
  says: 'Writes a secret with all its versions to a sealed file, which only this installation opens.',
  takes: { name: secret, file: { says: 'a new file' } },
  options: { vault, data, json },
  examples: ['cardea secret backup db-password db-password.backup'],
  async run({ name, file, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      await intoNewFile(world, file, async (write) => {
        write((await vault.ask<Backup>('POST', `${secretPath(name)}/backup`)).body.value)
      })
      world.print(json ? JSON.stringify({ name, file }) : `${paintFor(world.terminal).name(name)} is in ${file}`)
      return 0
    })
  },
})

export const secretRestore = command({
  name: 'secret restore',
  says: 'Brings a secret back from a sealed file, into a vault where its name is free.',
  takes: { file: { says: 'what "secret backup" has written' } },
  options: { vault, data, json },
  examples: ['cardea secret restore db-password.backup --vault other'],
  async run({ file, json, ...where }, world) {
    const value = fileContent(world, file).toString('utf8').trim()
    if (!/^[\w-]+$/.test(value))
      throw new Misuse(`${file} is no backup of a secret.`, 'Write one with: cardea secret backup NAME FILE')
    return withVault(world, where, async (vault) => {
      const { id } = (await vault.ask<SecretBundle>('POST', '/secrets/restore', { value })).body
      const name = id.split('/').at(-2) as string
      world.print(json ? JSON.stringify({ name, id }) : `${paintFor(world.terminal).name(name)} is back`)
      return 0
    })
  },
})
