import {
  type DeletedSecretItem,
  type SecretBundle,
  type SecretItem,
  valueBytesMax,
} from '@cardea/contract/vault/secrets'
import { Refusal } from '../command.ts'
import { deletedSecretPath, secretPath } from '../paths.ts'
import { pagesOf, type Service } from '../service.ts'
import type { Content, Entry, Source, Withheld } from './entry.ts'
import { collisions, type Doing, type Plan, refusedStep } from './plan.ts'
import { originalNameTag, secretNameFor } from './secret-names.ts'
import { eachOf } from './several.ts'

/** A vault that speaks Azure's wire, ours or Azure's own: what is in it, and what would be changed in it. */

/** A list gives ids that end in a name, and a secret with its value one that ends in a version. */
const nameIn = (id: string): string => id.slice(id.lastIndexOf('/') + 1)
const versionIn = nameIn

/** All secrets of a vault, without their values. */
export const secretsOf = (vault: Service): Promise<SecretItem[]> =>
  pagesOf<SecretItem>(vault, '/secrets', 'value', 'nextLink')

/** The latest version of every secret whose name begins so. */
export function vaultSource(vault: Service, from: string): Source {
  return {
    says: vault.origin,
    async entries(): Promise<Content> {
      const items = (await secretsOf(vault)).filter(({ id }) => nameIn(id).startsWith(from))
      const withheld: Withheld[] = []
      const entries = await eachOf(items, async ({ id, attributes }): Promise<Entry | undefined> => {
        const name = nameIn(id)
        if (!attributes.enabled) {
          withheld.push({ name, reason: 'is disabled, and so is its value' })
          return undefined
        }
        const bundle = await bundleOf(vault, name)
        if (typeof bundle !== 'string') return entryOf(name, bundle)
        withheld.push({ name, reason: bundle })
        return undefined
      })
      return { entries: entries.filter((entry) => entry !== undefined), withheld }
    },
  }
}

const entryOf = (name: string, { value = '', contentType, tags, attributes }: SecretBundle): Entry => ({
  name,
  value,
  contentType,
  tags: tags ?? {},
  notBefore: attributes.nbf,
  expires: attributes.exp,
})

/** A secret with its value, or why it can't be had. */
async function bundleOf(vault: Service, name: string): Promise<SecretBundle | string> {
  try {
    return (await vault.ask<SecretBundle>('GET', `${secretPath(name)}/`)).body
  } catch (error) {
    if (error instanceof Refusal && error.code === 'forbidden') return 'may not be read'
    if (error instanceof Refusal && error.code === 'not-found') return 'is gone meanwhile'
    throw error
  }
}

export type IntoVault = {
  readonly prefix: string
  readonly map: ReadonlyMap<string, string>
  readonly tags: Readonly<Record<string, string>>
  /** Deletes what has the prefix and isn't at the source. */
  readonly strict: boolean
}

type Named = { readonly entry: Entry; readonly name: string | undefined }

/** What an import would do in a vault. Values there are read to be compared, and only those. */
export async function planForVault(vault: Service, content: Content, into: IntoVault): Promise<Plan> {
  const named = content.entries.map(
    (entry): Named => ({ entry, name: secretNameFor(entry.name, into.prefix, into.map) }),
  )
  const clashes = collisions(
    named.filter(({ name }) => name !== undefined),
    ({ name }) => (name as string).toLowerCase(),
    ({ entry }) => shownName(entry),
  )
  const there = new Map((await secretsOf(vault)).map((item) => [nameIn(item.id).toLowerCase(), item]))
  const gone = await deletedNames(vault)
  const steps = await eachOf(named, async (one): Promise<Doing> => {
    const { entry, name } = one
    const refuse = (reason: string): Doing => ({
      ...refusedStep({ name: entry.name, label: entry.label, reason }),
      name: name ?? '',
    })
    if (name === undefined)
      return refuse("has no name in a vault's letters, digits and hyphens: give it one with --map")
    const clash = clashes.get(one)
    if (clash !== undefined) return refuse(`would be the same secret as ${clash}: give it another name with --map`)
    if (entry.value === '') return refuse('is empty')
    if (Buffer.byteLength(entry.value) > valueBytesMax) return refuse(`has more than ${valueBytesMax} bytes`)
    if (gone.has(name.toLowerCase())) return refuse('is a deleted secret there: recover or purge that first')
    return stepFor(vault, entry, name, there.get(name.toLowerCase()), into.tags)
  })
  // What is there and can't be taken along is no reason to delete what it once became.
  const held = content.withheld.map(({ name }) => secretNameFor(name, into.prefix, into.map))
  const kept = new Set([...named.map(({ name }) => name), ...held].map((name) => name?.toLowerCase()))
  const owned = [...there].filter(
    ([name]) => into.strict && into.prefix !== '' && name.startsWith(into.prefix.toLowerCase()),
  )
  const deletions = owned.filter(([name]) => !kept.has(name)).map(([, { id }]) => deletion(vault, nameIn(id)))
  return [...steps, ...deletions, ...content.withheld.map(refusedStep)]
}

const shownName = ({ name, label }: Entry): string => (label === undefined ? name : `${name} (${label})`)

async function stepFor(
  vault: Service,
  entry: Entry,
  name: string,
  item: SecretItem | undefined,
  more: Readonly<Record<string, string>>,
): Promise<Doing> {
  const step = { from: entry.name, name, label: entry.label ?? null }
  const tags = {
    ...item?.tags,
    ...entry.tags,
    ...(name !== entry.name && { [originalNameTag]: entry.name }),
    ...more,
  }
  const body = {
    value: entry.value,
    contentType: entry.contentType ?? item?.contentType,
    tags,
    attributes: { nbf: entry.notBefore, exp: entry.expires },
  }
  const act = async () => versionIn((await vault.ask<SecretBundle>('PUT', secretPath(name), body)).body.id)
  if (item === undefined) return { ...step, what: 'new', reason: null, before: null, act }
  const bundle = item.attributes.enabled ? await bundleOf(vault, name) : 'is disabled'
  if (typeof bundle === 'string') {
    return { ...step, what: 'changed', reason: `what is there ${bundle}, so it can't be compared`, before: null, act }
  }
  const before = versionIn(bundle.id)
  const same =
    bundle.value === body.value &&
    bundle.contentType === body.contentType &&
    bundle.attributes.exp === entry.expires &&
    bundle.attributes.nbf === entry.notBefore &&
    Object.entries(tags).every(([tag, text]) => bundle.tags?.[tag] === text)
  return same
    ? { ...step, what: 'same', reason: null, before }
    : { ...step, what: 'changed', reason: null, before, act }
}

const deletion = (vault: Service, name: string): Doing => ({
  what: 'delete',
  from: null,
  name,
  label: null,
  reason: null,
  before: null,
  async act() {
    await vault.ask('DELETE', secretPath(name))
    return null
  },
})

/** The names that deleted secrets keep from being used; none, where they may not be seen. */
async function deletedNames(vault: Service): Promise<ReadonlySet<string>> {
  try {
    const items = await pagesOf<DeletedSecretItem>(vault, deletedSecretPath('').replace(/\/$/, ''), 'value', 'nextLink')
    return new Set(items.map(({ recoveryId }) => nameIn(recoveryId).toLowerCase()))
  } catch (error) {
    if (error instanceof Refusal && error.code === 'forbidden') return new Set()
    throw error
  }
}
