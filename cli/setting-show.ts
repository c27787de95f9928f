import type { KeyValue } from '@cardea/contract/appconfig/key-values'
import { command, data, json, Refusal, setting, store } from './command.ts'
import { settingPath } from './paths.ts'
import { withStore } from './service.ts'

export default command({
  name: 'setting show',
  says: 'Prints the value of a setting; of a reference, where it points.',
  takes: { key: setting },
  options: { label: { type: 'string', value: 'LABEL', says: 'the label' }, store, data, json },
  examples: ['cardea setting show Shop:Greeting'],
  async run({ key, label, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const { body } = await store.ask<KeyValue>('GET', settingPath(key, label)).catch(async (error) => {
        if (!(error instanceof Refusal) || error.code !== 'not-found') throw error
        // A list is answered by every store, so that one which isn't there is told apart.
        await store.ask('GET', `/kv?${new URLSearchParams({ key: 'none' })}`)
        throw noSetting(store.origin, key, label)
      })
      const { value } = body
      if (json) world.print(JSON.stringify(body))
      else world.write(world.terminal.out ? `${value ?? ''}\n` : (value ?? ''))
      return 0
    })
  },
})

/** Said wherever a setting is missed. */
export function noSetting(store: string, key: string, label: string | undefined): Refusal {
  const which = label === undefined ? 'without a label' : `with the label ${label}`
  return new Refusal('not-found', `There is no setting ${key} ${which} in ${store}.`, 'See: cardea setting list')
}
