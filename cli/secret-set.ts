import type { SecretBundle } from '@cardea/contract/vault/secrets'
import { command, data, json, secret, vault } from './command.ts'
import { secretPath } from './paths.ts'
import { paintFor } from './print.ts'
import { withVault } from './service.ts'
import { tagsIn } from './tags.ts'
import { secondsFrom } from './time.ts'
import { valueFrom } from './value.ts'

export default command({
  name: 'secret set',
  says: 'Gives a secret a new value, read from standard input or a file.',
  more: 'A value is never an argument: every process list would show it. One line break at its end is left out.',
  takes: { name: secret },
  noMore: 'A value is never an argument, where every process list would show it. Pipe it, or give --file.',
  options: {
    file: { type: 'string', value: 'FILE', says: 'read the value from a file' },
    raw: { type: 'boolean', says: 'keep a line break at the end' },
    'content-type': { type: 'string', value: 'TYPE', says: 'what the value is, application/json for one' },
    tag: { type: 'string', value: 'KEY=VALUE', multiple: true, says: 'a tag; may be given again' },
    expires: {
      type: 'string',
      value: 'TIME',
      says: 'when it expires, as 2027-01-31, 2027-01-31T12:00:00Z, or 90d from now',
    },
    'not-before': { type: 'string', value: 'TIME', says: 'when it begins to count' },
    disabled: { type: 'boolean', says: 'nobody can read it until it is enabled' },
    vault,
    data,
    json,
  },
  examples: [
    'printf s3cret | cardea secret set db-password',
    'cardea secret set db-password          (asks, and shows nothing)',
    'cardea secret set tls-key --file key.pem --content-type application/x-pem-file --expires 2027-01-31',
  ],
  async run(given, world) {
    const attributes = {
      ...(given.expires !== undefined && { exp: secondsFrom('--expires', given.expires, world.now(), 'ahead') }),
      ...(given['not-before'] !== undefined && {
        nbf: secondsFrom('--not-before', given['not-before'], world.now(), 'ahead'),
      }),
      ...(given.disabled && { enabled: false }),
    }
    const body = {
      tags: tagsIn(given.tag),
      ...(given['content-type'] !== undefined && { contentType: given['content-type'] }),
      ...(Object.keys(attributes).length > 0 && { attributes }),
    }
    const value = await valueFrom(world, given, `Value of ${given.name}`)
    return withVault(world, given, async (vault) => {
      const { id } = (await vault.ask<SecretBundle>('PUT', secretPath(given.name), { value, ...body })).body
      const version = id.slice(id.lastIndexOf('/') + 1)
      const paint = paintFor(world.terminal)
      world.print(
        given.json
          ? JSON.stringify({ name: given.name, version, id })
          : `${paint.name(given.name)} is now version ${paint.bold(version)}`,
      )
      return 0
    })
  },
})
