import type { ChangeSetView } from '@cardea/contract/cardea/change-sets'
import { command, data, json, store } from './command.ts'
import { paintFor, shown, table, when } from './print.ts'
import { pagesOf, withStore } from './service.ts'

/** Change sets: what was changed in one step, by an import for one, and taking it back in one. */
export const settingChanges = command({
  name: 'setting changes',
  says: 'Lists what was changed in one step, by an import for one, newest first.',
  takes: {},
  options: { store, data, json },
  examples: ['cardea setting changes'],
  async run({ json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const sets = await pagesOf<ChangeSetView>(store, '/.cardea/changesets', 'items', '@nextLink')
      if (json) world.print(JSON.stringify(sets))
      else if (sets.length === 0) world.print('Nothing was changed in one step yet.')
      else {
        const paint = paintFor(world.terminal.colours)
        const rows = sets.map(({ id, state, count, created, description }) => [
          paint.name(id),
          state,
          String(count),
          when(Math.floor(Date.parse(created) / 1000), world.now()),
          shown(description ?? ''),
        ])
        const heads = [
          { head: 'CHANGE SET' },
          { head: 'STATE' },
          { head: 'SETTINGS', right: true },
          { head: 'MADE' },
          { head: 'WHAT' },
        ]
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })
  },
})

export const settingUndo = command({
  name: 'setting undo',
  says: 'Puts back in one step what was there before a change set.',
  takes: { id: { says: 'the change set, as "setting changes" shows it' } },
  options: { force: { type: 'boolean', says: 'also where settings have changed since' }, store, data, json },
  examples: ['cardea setting undo 7c0d4f8e-…'],
  async run({ id, force, json, ...where }, world) {
    return withStore(world, where, async (store) => {
      const path = `/.cardea/changesets/${encodeURIComponent(id)}/undo`
      const undone = (await store.ask('POST', path, { force })).body as ChangeSetView
      if (json) world.print(JSON.stringify({ undone: id, by: undone.id, count: undone.count }))
      else
        world.print(`${undone.count} settings are as they were; that is undone with: cardea setting undo ${undone.id}`)
      return 0
    })
  },
})
