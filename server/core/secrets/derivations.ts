import { actions } from '@cardea/contract/actions'
import type { Escape } from '@cardea/contract/cardea/derivations'
import { valueBytesMax } from '@cardea/contract/vault/secrets'
import { Fault } from '#base/fault.ts'
import { SealBroken } from '#base/seal.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey, noSuchObject } from '#core/objects/object.ts'
import { headForVersion, newVersionId } from '#core/objects/objects.ts'
import type { Scope, Sight, Writing } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import {
  keepDerivation,
  keepTrouble,
  keepVersionsIn,
  keptDerivation,
  linksOf,
  removeDerivation,
  versionsIn,
} from './derivation-rows.ts'
import { newVersion } from './secret.ts'
import { type Kept, secretTables } from './secret-rows.ts'
import { filled, partsOf, piecesOf, Unfilled } from './template.ts'
import { life, openValue, resourceOf, write } from './writing.ts'

/**
 * Secrets that are made of others. Whoever changes one changes those in the same turn, so that no reader ever finds the
 * one new and the other old. How a secret is made is sealed: a row that somebody changes by hand tells nobody a value.
 */
type Derivation = {
  readonly template: string
  readonly escaping: Escape
  readonly values: Readonly<Record<string, string>>
}

/** What is kept of it: also who made it, because its parts are read by their right, each time anew. */
type Arranged = Derivation & { readonly by: Pick<Caller, 'objectId' | 'appId'> }

export type Shown = {
  readonly derivation:
    | (Derivation & { readonly parts: readonly string[]; readonly trouble: string | undefined })
    | undefined
  /** The keys of the secrets that are made of this one. */
  readonly made: readonly string[]
}

/** More than this are not made of one secret: all of them are made in the turn that changes it. */
const madeMax = 64

const placeOf = (vault: Vault, name: string): string => `${resourceOf(vault, nameKey(name))}/derivation`

/** Has a secret made of others from now on, and makes it. Nobody hands on by it what they may not read themselves. */
export async function deriveSecret(
  scope: Scope<'secrets/set'>,
  { objectId, appId }: Caller,
  vault: Vault,
  name: string,
  derivation: Derivation,
): Promise<Shown> {
  const { sql, permit, keyring } = scope
  const key = nameKey(name)
  const parts = partsOf(piecesOf(derivation.template))
  for (const part of parts) {
    const resource = resourceOf(vault, part)
    if (!permit.allows('secrets/get', resource)) {
      const words = `To make ${name} of ${part} you need the right to read ${part}.`
      throw new Fault('forbidden', words, { action: actions['secrets/get'], resource: resource.toLowerCase() })
    }
  }
  const head = await headForVersion(life, sql, vault, name, 'set')
  await refuseCircle(sql, vault, key, parts)
  const arranged: Arranged = { ...derivation, by: { objectId, appId } }
  const sealed = await keyring.seal(sql, keyOfVault(vault), JSON.stringify(arranged), placeOf(vault, name))
  await keepDerivation(sql, vault.name, key, sealed, parts)
  for (const part of parts) await refuseMany(sql, vault, part)
  const trouble = await make(scope, vault, key, head?.name ?? name)
  if (trouble !== undefined) throw new Fault('invalid', `${name} can't be made: ${trouble}`, { where: 'template' })
  await makeAnew(scope, vault, name)
  return showDerivation(scope, vault, name)
}

/** What a secret is made of, and what is made of it. */
export async function showDerivation(
  { sql, keyring }: Pick<Sight<never>, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
): Promise<Shown> {
  const kept = await keptDerivation(sql, vault.name, nameKey(name))
  const { made } = await linksOf(sql, vault.name, nameKey(name))
  if (kept === undefined && (await secretTables.headOf(sql, vault.name, name)) === undefined)
    throw noSuchObject('secret', name)
  if (kept === undefined) return { derivation: undefined, made }
  const { by: _, ...derivation } = await openDerivation({ sql, keyring }, vault, name, kept.sealed)
  const parts = partsOf(piecesOf(derivation.template))
  return { derivation: { ...derivation, parts, trouble: kept.trouble ?? undefined }, made }
}

/** Takes a template away: the secret keeps its value, and is set by hand again. */
export async function underiveSecret({ sql }: Scope<'secrets/set'>, vault: Vault, name: string): Promise<void> {
  if (await removeDerivation(sql, vault.name, nameKey(name))) return
  throw new Fault('not-found', `The secret ${name} is not made of others.`, { kind: 'route' })
}

/** The keys of the secrets that are made of one, one step. */
export const madeOf = async (sql: Sql, vault: Vault, name: string): Promise<readonly string[]> =>
  (await linksOf(sql, vault.name, nameKey(name))).made

/** Whether a secret is made of others. */
export const isDerivedSecret = async (sql: Sql, vault: Vault, name: string): Promise<boolean> =>
  (await linksOf(sql, vault.name, nameKey(name))).parts.length > 0

/** The versions of other secrets that are in a version of a secret, however deep. */
export const partsInVersion = (
  sql: Sql,
  vault: Pick<Vault, 'name'>,
  name: string,
  version: string,
): Promise<ReadonlyMap<string, string>> => versionsIn(sql, vault.name, nameKey(name), version)

/** The keys of all that a secret is made of, however deep. */
export async function deepPartsOf(sql: Sql, vault: Pick<Vault, 'name'>, name: string): Promise<readonly string[]> {
  const found = new Set<string>()
  const visit = async (key: string): Promise<void> => {
    for (const part of (await linksOf(sql, vault.name, key)).parts) {
      if (found.has(part)) continue
      found.add(part)
      await visit(part)
    }
  }
  await visit(nameKey(name))
  return [...found]
}

/**
 * Makes anew what is made of a secret that has changed: each after all that it is made of. What can't be made now keeps
 * its value, and says why; that is no reason to keep the change from who makes it.
 */
export async function makeAnew(writing: Writing, vault: Vault, name: string): Promise<void> {
  const { sql } = writing
  for (const key of await followersOf(sql, vault, nameKey(name))) {
    await keepMaking(writing, vault, key, await make(writing, vault, key, key))
  }
}

/** Makes a secret that has come back anew if it is made of others, and what is made of it. */
export async function makeUpToDate(writing: Writing, vault: Vault, name: string): Promise<void> {
  const key = nameKey(name)
  await keepMaking(writing, vault, key, await make(writing, vault, key, name))
  await makeAnew(writing, vault, name)
}

/** Keeps why a secret couldn't be made anew, if it couldn't, and tells of it when it is news. */
async function keepMaking({ sql, tell }: Writing, vault: Vault, key: string, trouble: string | undefined) {
  const before = (await keptDerivation(sql, vault.name, key))?.trouble ?? undefined
  if (trouble === before) return
  await keepTrouble(sql, vault.name, key, trouble)
  const head = await secretTables.headOf(sql, vault.name, key)
  if (trouble === undefined || head === undefined || head.deletion !== undefined) return
  tell({ type: 'derivation-stopped', scope: vault.resourceId, resource: resourceOf(vault, key), name: head.name })
}

/** Everything that is made of a secret, however far, each after all that it is made of. */
async function followersOf(sql: Sql, vault: Vault, from: string): Promise<readonly string[]> {
  const order: string[] = []
  const seen = new Set<string>([from])
  const visit = async (key: string): Promise<void> => {
    for (const next of (await linksOf(sql, vault.name, key)).made) {
      if (seen.has(next)) continue
      seen.add(next)
      await visit(next)
      order.push(next)
    }
  }
  await visit(from)
  return order.reverse()
}

/** Nothing is made of itself, through however many others. */
async function refuseCircle(sql: Sql, vault: Vault, key: string, parts: readonly string[]): Promise<void> {
  // Each is followed once: there are more ways through a few dozen than anybody could follow.
  const seen = new Set<string>()
  const follow = async (part: string, way: readonly string[]): Promise<void> => {
    if (part === key) {
      throw new Fault('invalid', `${key} would be made of itself: ${[...way, key].join(' of ')}.`, {
        where: 'template',
      })
    }
    if (seen.has(part)) return
    seen.add(part)
    for (const next of (await linksOf(sql, vault.name, part)).parts) await follow(next, [...way, part])
  }
  for (const part of parts) await follow(part, [key])
}

async function refuseMany(sql: Sql, vault: Vault, part: string): Promise<void> {
  if ((await followersOf(sql, vault, part)).length <= madeMax) return
  throw new Fault('invalid', `At most ${madeMax} secrets may be made of ${part}.`, { where: 'template' })
}

/** Makes a secret of its parts as they are now, if that gives another value; says why if it can't be made. */
async function make(writing: Writing, vault: Vault, key: string, name: string): Promise<string | undefined> {
  const { sql, at } = writing
  const kept = await keptDerivation(sql, vault.name, key)
  const head = await secretTables.headOf(sql, vault.name, key)
  if (kept === undefined) return undefined
  if (head?.deletion !== undefined || head?.settling !== undefined) return 'It is deleted.'
  const derivation = await openDerivation(writing, vault, key, kept.sealed).catch((error: unknown) => {
    if (error instanceof SealBroken) return undefined
    throw error
  })
  if (derivation === undefined) return 'Its template is not as it was kept. Take it away and give it again.'
  const { template, escaping, values, by } = derivation
  const pieces = piecesOf(template)
  const parts = new Map<string, Kept>()
  for (const part of partsOf(pieces)) {
    const found = await secretTables.keptVersion(sql, vault.name, part, undefined)
    if (found === undefined) return `There is no secret ${part}.`
    if (!found.object.enabled) return `The secret ${part} is disabled.`
    const reading = { action: 'secrets/get', resource: resourceOf(vault, part), operation: 'DerivationRead' } as const
    if (!(await writing.mayRead({ caller: by, ...reading, version: found.object.version }))) {
      return `Who derived it may not read the secret ${part} any more. Somebody who may must derive it again.`
    }
    parts.set(part, found)
  }
  const opened = new Map<string, string>()
  for (const [part, found] of parts) opened.set(part, await openValue(writing, vault, found))
  let value: string
  try {
    value = filled(pieces, escaping, values, opened)
  } catch (error) {
    if (error instanceof Unfilled) return error.message
    throw error
  }
  if (Buffer.byteLength(value) > valueBytesMax) return `It would have more than ${valueBytesMax} bytes.`
  const before = await secretTables.keptVersion(sql, vault.name, key, undefined)
  const same = before !== undefined && (await openValue(writing, vault, before)) === value
  // It lives no longer than what it is made of.
  const ends = [...parts.values()].flatMap(({ object }) => object.expires ?? [])
  const draft = {
    contentType: before?.object.contentType,
    tags: before?.object.tags,
    enabled: before?.object.enabled,
    expires: ends.length === 0 ? undefined : Math.min(...ends),
  }
  const version = same
    ? before.object
    : newVersion(before?.object.name ?? name, newVersionId(), draft, at, before?.object.version)
  if (!same) await write(writing, vault, version, value)
  const within = new Map<string, string>()
  for (const [part, { object }] of parts) {
    for (const [deeper, of] of await versionsIn(sql, vault.name, part, object.version)) within.set(deeper, of)
    within.set(part, object.version)
  }
  await keepVersionsIn(sql, vault.name, key, version.version, within)
  return undefined
}

const openDerivation = async (
  { sql, keyring }: Pick<Writing, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  sealed: Uint8Array,
): Promise<Arranged> =>
  JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name))) as Arranged
