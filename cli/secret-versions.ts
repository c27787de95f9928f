import type { SecretItem } from '@cardea/contract/vault/secrets'
import { command, data, json, Refusal, secret, vault } from './command.ts'
import { list } from './listing.ts'
import { secretPath } from './paths.ts'
import { shown, when } from './print.ts'
import { noSecret } from './refusals.ts'
import { readersOf } from './secret-readers.ts'
import { pagesOf, type Service, withVault } from './service.ts'

export default command({
  name: 'secret versions',
  says: 'Lists the versions of a secret, newest first, without their values.',
  takes: { name: secret },
  options: { vault, data, json },
  examples: ['cardea secret versions db-password'],
  async run({ name, json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const versions = await versionsOf(vault, name)
      const now = world.now()
      return list(world, json ? await withLastRead(vault, name, versions) : versions, {
        json,
        heads: ['VERSION', 'STATE', 'CREATED', 'EXPIRES', 'TYPE'],
        row: ({ version, enabled, created, expires, contentType }, paint) => [
          paint.name(version),
          enabled ? 'enabled' : paint.warn('disabled'),
          when(created, now),
          expires === null ? paint.dim('never') : when(expires, now),
          shown(contentType ?? ''),
        ],
      })
    })
  },
})

/** With when each version was read last, by whomever; as they are, where we may not know. */
async function withLastRead<T extends { version: string }>(vault: Service, name: string, versions: readonly T[]) {
  try {
    const readers = await readersOf(vault, name)
    return versions.map((one) => {
      const times = readers.filter(({ version }) => version === one.version).map(({ lastRead }) => lastRead)
      return { ...one, lastRead: times.length === 0 ? null : Math.max(...times) }
    })
  } catch (error) {
    if (error instanceof Refusal) return versions
    throw error
  }
}

/** The versions of a secret, newest first. */
export async function versionsOf(vault: Service, name: string) {
  const items = await pagesOf<SecretItem>(vault, `${secretPath(name)}/versions`, 'value', 'nextLink')
  if (items.length === 0) throw noSecret(vault.origin, name)
  return items
    .map(({ id, attributes, contentType, tags }) => ({
      version: id.slice(id.lastIndexOf('/') + 1),
      enabled: attributes.enabled,
      created: attributes.created,
      updated: attributes.updated,
      expires: attributes.exp ?? null,
      contentType: contentType ?? null,
      tags: tags ?? {},
    }))
    .sort((a, b) => b.created - a.created)
}
