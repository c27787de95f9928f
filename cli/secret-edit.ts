import { type SecretBundle, type SecretItem, secretVersion } from '@cardea/contract/vault/secrets'
import { command, data, json, Misuse, secret, vault } from './command.ts'
import { secretPath } from './paths.ts'
import { paintFor } from './print.ts'
import { noSecret } from './refusals.ts'
import { versionsOf } from './secret-versions.ts'
import { itemsOf, type Service, withVault } from './service.ts'
import { tagsIn } from './tags.ts'
import { secondsFrom } from './time.ts'
import type { Where } from './way.ts'
import type { World } from './world.ts'

/** What belongs to a version of a secret, but for its value: three commands that change it. */
const version = {
  type: 'string',
  value: 'VERSION',
  says: 'this version instead of the latest',
  shape: secretVersion,
} as const

export const secretEdit = command({
  name: 'secret edit',
  says: 'Changes what belongs to a secret, but for its value: dates, content type, tags.',
  takes: { name: secret },
  options: {
    version,
    'content-type': { type: 'string', value: 'TYPE', says: 'what the value is' },
    tag: { type: 'string', value: 'KEY=VALUE', multiple: true, says: 'a tag, beside those that there are' },
    'remove-tag': { type: 'string', value: 'KEY', multiple: true, says: 'a tag that goes' },
    expires: { type: 'string', value: 'TIME|never', says: 'when it expires' },
    'not-before': { type: 'string', value: 'TIME|never', says: 'when it begins to count' },
    vault,
    data,
    json,
  },
  examples: [
    'cardea secret edit db-password --expires 2027-01-31 --tag team=orders',
    'cardea secret edit db-password --expires never',
  ],
  async run(given, world) {
    const added = tagsIn(given.tag)
    const attributes = {
      ...(given.expires !== undefined && { exp: secondsOrNever('--expires', given.expires, world) }),
      ...(given['not-before'] !== undefined && { nbf: secondsOrNever('--not-before', given['not-before'], world) }),
    }
    const contentType = given['content-type']
    const tagsChange = given.tag.length + given['remove-tag'].length > 0
    if (!tagsChange && contentType === undefined && Object.keys(attributes).length === 0) {
      throw new Misuse('What is to change?', 'See: cardea help secret edit')
    }
    return withVault(world, given, async (vault) => {
      const body = {
        ...(contentType !== undefined && { contentType }),
        ...(Object.keys(attributes).length > 0 && { attributes }),
        ...(tagsChange && { tags: await tagsAfter(vault, given, added) }),
      }
      return changed(world, vault, given, body, 'is changed')
    })
  },
})

export const secretDisable = command({
  name: 'secret disable',
  says: 'Lets nobody read a secret until it is enabled again.',
  takes: { name: secret },
  options: { version, vault, data, json },
  examples: ['cardea secret disable db-password'],
  run: (given, world) =>
    withVault(world, given, (vault) => changed(world, vault, given, { attributes: { enabled: false } }, 'is disabled')),
})

export const secretEnable = command({
  name: 'secret enable',
  says: 'Lets a secret be read again.',
  takes: { name: secret },
  options: { version, vault, data, json },
  examples: ['cardea secret enable db-password'],
  run: (given, world) =>
    withVault(world, given, (vault) => changed(world, vault, given, { attributes: { enabled: true } }, 'is enabled')),
})

type Given = Where & { readonly name: string; readonly version: string | undefined; readonly json: boolean }

async function changed(
  world: World,
  vault: Service,
  { name, version = '', json }: Given,
  body: object,
  says: string,
): Promise<0> {
  const said = (await vault.ask<SecretBundle>('PATCH', `${secretPath(name)}/${version}`, body)).body
  const { id, attributes, contentType, tags } = said
  if (json) world.print(JSON.stringify({ name, version: id.split('/').at(-1), contentType, tags, attributes }))
  else world.print(`${paintFor(world.terminal).name(name)} ${says}`)
  return 0
}

const secondsOrNever = (option: string, given: string, { now }: World): number | null =>
  given === 'never' ? null : secondsFrom(option, given, now(), 'ahead')

/** A PATCH takes all tags at once, so those that stay are said too; they are read from lists, without the value. */
async function tagsAfter(
  vault: Service,
  { name, version, 'remove-tag': gone }: Given & { readonly 'remove-tag': readonly string[] },
  added: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const versions = await versionsOf(vault, name)
  const there =
    version === undefined ? await latestOf(vault, name, versions) : versions.find((one) => one.version === version)
  const kept = Object.entries(there?.tags ?? {}).filter(([tag]) => !gone.includes(tag))
  return { ...Object.fromEntries(kept), ...added }
}

type Tagged = Pick<SecretItem, 'tags'>

/**
 * The latest version. Of two that were made in the same second the list of versions doesn't tell which that is; the list
 * of secrets does, since it has of each secret its latest.
 */
async function latestOf(
  vault: Service,
  name: string,
  [newest, next]: readonly (Tagged & { readonly created: number })[],
): Promise<Tagged | undefined> {
  if (newest?.created !== next?.created) return newest
  for await (const item of itemsOf<SecretItem>(vault, '/secrets', 'value', 'nextLink'))
    if (item.id.slice(item.id.lastIndexOf('/') + 1).toLowerCase() === name.toLowerCase()) return item
  throw noSecret(vault.origin, name)
}
