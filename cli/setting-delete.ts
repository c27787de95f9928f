import { command, data, json, setting, store } from './command.ts'
import { settingPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withStore } from './service.ts'
import { noSetting } from './setting-show.ts'

export default command({
  name: 'setting delete',
  says: 'Deletes a setting. A secret that it points at stays.',
  takes: { key: setting },
  options: { label: { type: 'string', value: 'LABEL', says: 'the label' }, store, data, json },
  examples: ['cardea setting delete Shop:Greeting', 'cardea setting delete Shop:Greeting --label de'],
  async run({ key, label, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const { status } = await store.ask('DELETE', settingPath(key, label))
      // App Configuration's way of saying that there was none.
      if (status === 204) throw noSetting(store.origin, key, label)
      const paint = paintFor(world.terminal)
      const which = label === undefined ? '' : ` with the label ${label}`
      world.print(
        json ? JSON.stringify({ key, label: label ?? null, deleted: true }) : `${paint.name(key)}${which} is deleted`,
      )
      return 0
    })
  },
})
