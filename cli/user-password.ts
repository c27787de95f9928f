import { command, data, json, person } from './command.ts'
import { paintFor } from './print.ts'
import { withDirectory } from './service.ts'
import { valueFrom } from './value.ts'

export default command({
  name: 'user password',
  says: 'Gives a person another password, read from standard input or a file.',
  more: 'Wherever they are signed in, they no longer are.',
  takes: { name: person },
  noMore: 'A password is never an argument, where every process list would show it. Pipe it, or give --file.',
  options: { file: { type: 'string', value: 'FILE', says: 'read the password from a file' }, data, json },
  examples: ['cardea user password ada@example.org          (asks, and shows nothing)'],
  async run({ name, file, json, ...where }, world) {
    const password = await valueFrom(world, { file }, `Password of ${name}`)
    return withDirectory(world, where, async (directory) => {
      await directory.ask('PATCH', `/v1.0/users/${encodeURIComponent(name)}`, { passwordProfile: { password } })
      const paint = paintFor(world.terminal)
      if (json) world.print(JSON.stringify({ name, changed: true }))
      else world.print(`${paint.name(name)} has another password, and is signed out everywhere`)
      return 0
    })
  },
})
