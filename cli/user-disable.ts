import { command, data, json, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'

export default command({
  name: 'user disable',
  says: 'Lets a person sign in no longer; what they hold ends at once.',
  takes: { name: person },
  options: { data, json },
  examples: ['cardea user disable ada@example.org'],
  async run({ name, json, ...where }, world) {
    return withDirectory(world, where, async (directory) => {
      await directory.ask('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, { accountEnabled: false })
      world.print(
        json ? JSON.stringify({ name, enabled: false }) : `${paintFor(world.terminal).name(name)} is disabled`,
      )
      return 0
    })
  },
})
