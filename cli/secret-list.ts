import type { SecretItem } from '@cardea/contract/vault/secrets'
import { command, data, json, vault } from './command.ts'
import { list } from './listing.ts'
import { shown, when } from './print.ts'
import { pagesOf, withVault } from './service.ts'

export default command({
  name: 'secret list',
  says: 'Lists the secrets of a vault, without their values.',
  takes: {},
  options: { vault, data, json },
  examples: ['cardea secret list'],
  async run({ json, ...where }, world) {
    return withVault(world, where, async (vault) => {
      const items = await pagesOf<SecretItem>(vault, '/secrets', 'value', 'nextLink')
      const secrets = items.map(({ id, attributes, contentType, tags }) => ({
        name: id.slice(id.lastIndexOf('/') + 1),
        enabled: attributes.enabled,
        created: attributes.created,
        updated: attributes.updated,
        expires: attributes.exp ?? null,
        contentType: contentType ?? null,
        tags: tags ?? {},
      }))
      const now = world.now()
      return list(world, secrets, {
        json,
        heads: ['SECRET', 'STATE', 'UPDATED', 'EXPIRES', 'TYPE'],
        none: [
          `There are no secrets in ${vault.origin} yet.`,
          'Set one with: printf s3cret | cardea secret set my-secret',
        ],
        row: ({ name, enabled, updated, expires, contentType }, paint) => [
          paint.name(name),
          enabled ? 'enabled' : paint.warn('disabled'),
          when(updated, now),
          expires === null
            ? paint.dim('never')
            : expires * 1000 < now
              ? paint.warn(when(expires, now))
              : when(expires, now),
          shown(contentType ?? ''),
        ],
      })
    })
  },
})
