import type { ChangeSetView, PlanView } from '@cardea/contract/cardea/change-sets'
import { planText, settingsText } from './change-view.ts'
import { command, data, json, Misuse, store } from './command.ts'
import { paintFor } from './print.ts'
import { withStore } from './service.ts'
import { timestampFrom } from './time.ts'

export default command({
  name: 'setting restore',
  says: 'Shows what would put settings back to what they were at an instant, and with --apply does it.',
  more: 'It is a change set: "changeset undo" takes it back.',
  takes: {},
  options: {
    at: { type: 'string', value: 'TIME', says: 'when: 2030-01-31T12:00:00Z, or 2h ago' },
    key: { type: 'string', value: 'FILTER', says: 'only these keys: a name, a beginning with *, several with commas' },
    label: { type: 'string', value: 'FILTER', says: 'only these labels' },
    plan: { type: 'boolean', says: 'only show it, as without --apply' },
    apply: { type: 'boolean', says: 'do it' },
    description: { type: 'string', value: 'TEXT', says: 'why, for who reads the history' },
    store,
    data,
    json,
  },
  examples: ['cardea setting restore --at 2h --key Shop:*', 'cardea setting restore --at 2030-01-31T12:00:00Z --apply'],
  async run({ at, key, label, plan, apply, description, json, ...where }, world) {
    if (at === undefined) throw new Misuse('To when? Give it with --at TIME.')
    if (plan && apply) throw new Misuse('Give --plan or --apply, not both.')
    return withStore(world, where, async (store) => {
      const asked = { at: timestampFrom('--at', at, world.now(), 'ago'), key, label }
      const paint = paintFor(world.terminal)
      const found = (await store.ask<PlanView>('POST', '/.cardea/restore/plan', asked)).body
      if (!apply || found.steps.length === 0 || !found.applicable) {
        if (json) world.print(JSON.stringify(found))
        else for (const line of planText(found, paint)) world.print(line)
        return found.applicable ? 0 : 1
      }
      const { basis } = found
      const set = (await store.ask<ChangeSetView>('POST', '/.cardea/restore', { ...asked, basis, description })).body
      world.print(
        json ? JSON.stringify(set) : `${paint.name(set.id)} has restored ${settingsText(set.count)} to ${asked.at}`,
      )
      return 0
    })
  },
})
