import type { KeyValue } from '@cardea/contract/appconfig/key-values'
import { command, data, json, Refusal, store } from './command.ts'
import { withStore } from './service.ts'
import { settingPath } from './setting-set.ts'

export default command({
  name: 'setting show',
  says: 'Prints the value of a setting; of a reference, where it points.',
  takes: { key: { says: 'the setting' } },
  options: { label: { type: 'string', value: 'LABEL', says: 'the label' }, store, data, json },
  examples: ['cardea setting show Shop:Greeting'],
  async run({ key, label, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const { body } = await store.ask('GET', settingPath(key, label)).catch((error) => {
        if (!(error instanceof Refusal) || error.code !== 'not-found') throw error
        const which = label === undefined ? 'without a label' : `with the label ${label}`
        throw new Refusal(
          'not-found',
          `There is no setting ${key} ${which} in ${store.origin}.`,
          'See: cardea setting list',
        )
      })
      const { value } = body as KeyValue
      if (json) world.print(JSON.stringify(body))
      else world.write(world.terminal.out ? `${value ?? ''}\n` : (value ?? ''))
      return 0
    })
  },
})
