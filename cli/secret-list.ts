import type { SecretItem } from '@cardea/contract/vault/secrets'
import { command, data, json, vault } from './command.ts'
import { paintFor, shown, table, when } from './print.ts'
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
      if (json) world.print(JSON.stringify(secrets))
      else if (secrets.length === 0) {
        world.print(`There are no secrets in ${vault.origin} yet.`)
        world.print('Set one with: printf s3cret | cardea secret set my-secret')
      } else {
        const paint = paintFor(world.terminal.colours)
        const now = world.now()
        const rows = secrets.map(({ name, enabled, updated, expires, contentType }) => [
          paint.name(name),
          enabled ? 'enabled' : paint.warn('disabled'),
          when(updated, now),
          expires === null
            ? paint.dim('never')
            : expires * 1000 < now
              ? paint.warn(when(expires, now))
              : when(expires, now),
          shown(contentType ?? ''),
        ])
        const heads = ['SECRET', 'STATE', 'UPDATED', 'EXPIRES', 'TYPE'].map((head) => ({ head }))
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })
  },
})
