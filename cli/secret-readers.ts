import type { Reader } from '@cardea/contract/cardea/journal'
import { command, data, json, secret, vault } from './command.ts'
import { list } from './listing.ts'
import { readersPath } from './paths.ts'
import { shown, when } from './print.ts'
import { noSecret } from './refusals.ts'
import { hasSecret, type Service, type Values, withVault } from './service.ts'

export default command({
  name: 'secret readers',
  says: 'Shows who read a secret: which version, when last, and how often.',
  more: 'It is gathered from the journal, some seconds after a reading.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret readers db-password'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const readers = await readersOf(vault, name)
      if (readers.length === 0 && (await hasSecret(vault, name)) === false) throw noSecret(vault.origin, name)
      return list(world, readers, {
        json,
        heads: ['VERSION', 'WHO', 'LAST', { head: 'TIMES', right: true }, 'FROM'],
        none: [`Nobody has read ${name} yet.`],
        row: ({ version, objectId, appId, lastRead, address, times }, paint) => [
          paint.name(version),
          shown(appId || objectId),
          when(lastRead, world.now()),
          String(times),
          shown(address),
        ],
      })
    })
  },
})

/** Who read which version of a secret. */
export async function readersOf(vault: Service, name: string): Promise<readonly Reader[]> {
  return (await vault.ask<Values<Reader>>('GET', readersPath(name))).body.value
}
