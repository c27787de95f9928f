import { command, data, json, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'

export default command({
  name: 'user enable',
  says: 'Lets a person sign in again.',
  takes: { name: person },
  options: { data, json },
  examples: ['cardea user enable ada@example.org'],
  async run({ name, json, ...where }, world) {
    return withDirectory(world, where, async (directory) => {
      await directory.ask('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, { accountEnabled: true })
      world.print(json ? JSON.stringify({ name, enabled: true }) : `${paintFor(world.terminal).name(name)} is enabled`)
      return 0
    })
  },
})
