import { command, data, json, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'

export default command({
  name: 'user delete',
  says: 'Deletes a person; their roles and memberships go along, at once and for good.',
  takes: { name: person },
  options: { data, json },
  examples: ['cardea user delete ada@example.org'],
  async run({ name, json, ...where }, world) {
    return withDirectory(world, where, async (directory) => {
      await directory.ask('DELETE', `/v1.0/users/${encodeURIComponent(name)}`)
      world.print(json ? JSON.stringify({ name, deleted: true }) : `${paintFor(world.terminal).name(name)} is deleted`)
      return 0
    })
  },
})
