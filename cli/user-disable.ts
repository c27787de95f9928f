import { command, data, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'

export default command({
  name: 'user disable',
  says: 'Lets a person sign in no longer; what they hold ends at once.',
  takes: { name: person },
  options: { data },
  examples: ['cardea user disable ada@example.org'],
  async run({ name, ...where }, world) {
    return withDirectory(world, where, async (directory) => {
      await directory.ask('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, { accountEnabled: false })
      world.print(`${paintFor(world.terminal.colours).name(name)} is disabled`)
      return 0
    })
  },
})
