import { type KeyValue, keyVaultReferenceType } from '@cardea/contract/appconfig/key-values'
import { command, data, json, store } from './command.ts'
import { list } from './listing.ts'
import { shown, when } from './print.ts'
import { pagesOf, withStore } from './service.ts'

const valueWidthMax = 60

export default command({
  name: 'setting list',
  says: 'Lists the settings of a store.',
  takes: {},
  options: {
    key: { type: 'string', value: 'FILTER', says: 'only these keys: a name, a beginning with *, several with commas' },
    label: { type: 'string', value: 'FILTER', says: 'only these labels' },
    store,
    data,
    json,
  },
  examples: ['cardea setting list', "cardea setting list --key 'Shop:*'"],
  async run({ key, label, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const query = new URLSearchParams({ ...(key !== undefined && { key }), ...(label !== undefined && { label }) })
      const settings = await pagesOf<KeyValue>(store, `/kv?${query}`, 'items', '@nextLink')
      return list(world, settings, {
        json,
        heads: ['SETTING', 'LABEL', 'VALUE', 'UPDATED'],
        none: [
          `There are no such settings in ${store.origin}.`,
          'Set one with: cardea setting set Shop:Greeting Hello',
        ],
        row: ({ key, label, value, content_type: type, last_modified: modified }, paint) => [
          paint.name(shown(key)),
          label === null ? '' : shown(label),
          type?.startsWith(keyVaultReferenceType) ? paint.dim(`→ ${target(value)}`) : short(shown(value ?? '')),
          when(Math.floor(Date.parse(modified) / 1000), world.now()),
        ],
      })
    })
  },
})

const short = (text: string): string => (text.length > valueWidthMax ? `${text.slice(0, valueWidthMax - 1)}…` : text)

function target(value: string | null): string {
  try {
    return shown((JSON.parse(value ?? '') as { uri: string }).uri)
  } catch {
    return 'nowhere: not a reference'
  }
}
