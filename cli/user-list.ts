import { command, data, json } from './command.ts'
import { list } from './listing.ts'
import { shown } from './print.ts'
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
      return list(world, people, {
        json,
        heads: ['NAME', 'CALLED', 'STATE', 'OBJECT ID'],
        none: ['There is nobody yet. Add somebody with: cardea user add NAME'],
        row: ({ name, displayName, enabled, id }, paint) => [
          paint.name(shown(name)),
          shown(displayName),
          enabled ? 'enabled' : paint.warn('disabled'),
          id,
        ],
      })
    })
  },
})
