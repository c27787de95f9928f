import { command, data, json, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'
import { valueFrom } from './value.ts'

export default command({
  name: 'user add',
  says: 'Adds a person, with a password read from standard input or a file.',
  more: 'They may sign in at once, and may do nothing until a role is assigned to them or to a group of theirs.',
  takes: { name: person },
  noMore: 'A password is never an argument, where every process list would show it. Pipe it, or give --file.',
  options: {
    'display-name': { type: 'string', value: 'NAME', says: 'what they are called (default the name before the @)' },
    file: { type: 'string', value: 'FILE', says: 'read the password from a file' },
    data,
    json,
  },
  examples: ['cardea user add ada@example.org --display-name "Ada Lovelace"', 'cardea user add ada@example.org < file'],
  async run({ name, file, json, 'display-name': displayName, ...where }, world) {
    const nickname = name.split('@', 1)[0] as string
    const password = await valueFrom(world, { file }, `Password of ${name}`)
    return withDirectory(world, where, async (directory) => {
      const { id } = (
        await directory.ask<{ id: string }>('POST', '/v1.0/users', {
          userPrincipalName: name,
          displayName: displayName ?? nickname,
          mailNickname: nickname,
          accountEnabled: true,
          passwordProfile: { password },
        })
      ).body
      const paint = paintFor(world.terminal)
      world.print(json ? JSON.stringify({ name, id }) : `${paint.name(name)} can sign in, with the object id ${id}`)
      return 0
    })
  },
})
