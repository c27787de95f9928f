import { command, data, json } from './command.ts'
import { paintFor, shown, table } from './print.ts'
import { pagesOf, withDirectory } from './service.ts'

type User = {
  readonly id: string
  readonly userPrincipalName: string
  readonly displayName: string
  readonly accountEnabled: boolean
}

export default command({
  name: 'user list',
  says: 'Lists the people who may sign in, or might again.',
  takes: {},
  options: { data, json },
  examples: ['cardea user list'],
  async run({ json, ...where }, world) {
    return withDirectory(world, where, async (directory) => {
      const people = (await pagesOf<User>(directory, '/v1.0/users', 'value', '@odata.nextLink')).map(
        ({ id, userPrincipalName: name, displayName, accountEnabled: enabled }) => ({ name, displayName, enabled, id }),
      )
      if (json) world.print(JSON.stringify(people))
      else if (people.length === 0) world.print('There is nobody yet. Add somebody with: cardea user add NAME')
      else {
        const paint = paintFor(world.terminal.colours)
        const rows = people.map(({ name, displayName, enabled, id }) => [
          paint.name(shown(name)),
          shown(displayName),
          enabled ? 'enabled' : paint.warn('disabled'),
          id,
        ])
        const heads = ['NAME', 'CALLED', 'STATE', 'OBJECT ID'].map((head) => ({ head }))
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })
  },
})
