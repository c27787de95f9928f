import type { KeyValue } from '@cardea/contract/appconfig/key-values'
import { command, data, json, store } from './command.ts'
import { list } from './listing.ts'
import { shown, when } from './print.ts'
import { pagesOf, withStore } from './service.ts'
import { isReference, valueText } from './setting-text.ts'

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
        row: (setting, paint) => [
          paint.name(shown(setting.key)),
          shown(setting.label ?? ''),
          isReference(setting) ? paint.dim(valueText(setting)) : valueText(setting),
          when(Math.floor(Date.parse(setting.last_modified) / 1000), world.now()),
        ],
      })
    })
  },
})
