import { featureFlagPrefix } from '@cardea/contract/appconfig/feature-flags'
import { Misuse } from './command.ts'
import { flagContentType, referenceContentType } from './content-types.ts'
import { jsonIn } from './json.ts'
import { shown } from './print.ts'
import { secretUri } from './setting-set.ts'
import { bytesOf, textIn } from './value.ts'
import type { World } from './world.ts'

/** A file of changes: the treaty's own JSON, with words for what people write most: flags, and references to secrets. */
export type ChangeFile = { readonly description: string | undefined; readonly changes: readonly object[] }

const members = new Set([
  ...['do', 'key', 'label', 'value', 'content_type', 'tags', 'description', 'locked', 'if_match', 'if_none_match'],
  ...['flag', 'reference'],
])

/** Reads a file of changes, or standard input where it is called `-`. `vault` says where secrets are that have but a name. */
export async function changesFrom(world: World, file: string, vault: () => string): Promise<ChangeFile> {
  const whole = jsonIn(textIn(await bytesOf(world, file), 'The file'), 'The file')
  const { changes, description } = (Array.isArray(whole) ? { changes: whole } : whole) as Partial<ChangeFile>
  if (!Array.isArray(changes)) throw new Misuse('The file must be a list of changes, or an object with "changes".')
  if (description !== undefined && typeof description !== 'string') throw new Misuse('"description" must be text.')
  return { description, changes: changes.map((change, index) => changeFrom(change, index, vault)) }
}

function changeFrom(given: unknown, index: number, vault: () => string): object {
  const where = `changes[${index}]`
  if (!isObject(given)) throw new Misuse(`${where} must be an object.`)
  // The service passes over what it doesn't know; in a file it is a slip of the pen.
  const unknown = Object.keys(given).find((name) => !members.has(name))
  if (unknown !== undefined) throw new Misuse(`${where} has "${shown(unknown).slice(0, 64)}", which means nothing.`)
  const { flag, reference, ...change } = given
  if (flag !== undefined) return flagged(change, flag, where)
  if (reference === undefined) return change
  if (typeof reference !== 'string') throw new Misuse(`${where}.reference must be the name of a secret, or its URL.`)
  const uri = reference.startsWith('https://') ? reference : secretUri(vault(), reference)
  return { ...change, value: JSON.stringify({ uri }), content_type: referenceContentType }
}

/** A flag by its name, or whole. */
function flagged(change: Record<string, unknown>, flag: unknown, where: string): object {
  const id = isObject(flag) ? flag.id : flag
  if (typeof id !== 'string') throw new Misuse(`${where}.flag must be a feature flag with its "id", or the id alone.`)
  const place = { ...change, key: `${featureFlagPrefix}${id}` }
  if (!isObject(flag)) return place
  return { ...place, value: JSON.stringify(flag), content_type: flagContentType }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
