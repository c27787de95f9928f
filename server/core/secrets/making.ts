import type { Escape } from '@cardea/contract/cardea/derivations'
import { valueBytesMax } from '@cardea/contract/vault/secrets'
import { SealBroken } from '#base/seal.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey } from '#core/objects/object.ts'
import { newVersionId } from '#core/objects/objects.ts'
import type { Writing } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { keepTrouble, keepVersionsIn, keptDerivation, linksOf, versionsIn } from './derivation-rows.ts'
import { newVersion, type SecretVersion } from './secret.ts'
import { type Kept, secretTables } from './secret-rows.ts'
import { filled, partsOf, piecesOf, Unfilled } from './template.ts'
import { openValue, resourceOf, tellOf, tellReferrers, write } from './writing.ts'

/**
 * Secrets that are made of others. Whoever changes one changes those in the same turn, so that no reader ever finds the
 * one new and the other old. How a secret is made is sealed: a row that somebody changes by hand tells nobody a value.
 */
export type Derivation = {
  readonly template: string
  readonly escaping: Escape
  readonly values: Readonly<Record<string, string>>
}

/** What is kept of it: also who made it, because its parts are read by their right, each time anew. */
export type Arranged = Derivation & { readonly by: Pick<Caller, 'objectId' | 'appId'> }

/** Where it is sealed to. */
export const placeOf = (vault: Vault, name: string): string => `${resourceOf(vault, nameKey(name))}/derivation`

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

/** Tells of something that happened to a secret with all its versions, and makes anew what is made of it. */
export async function tellOfAll(
  writing: Writing,
  vault: Vault,
  type: 'secret-deleted' | 'secret-recovered' | 'secret-version-created',
  secret: SecretVersion,
): Promise<void> {
  const { sql, tell } = writing
  tell(tellOf(vault, type, secret))
  await tellReferrers({ sql, tell }, vault, secret, { latest: true, all: true })
  await makeAnew(writing, vault, secret.name)
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
export async function followersOf(sql: Sql, vault: Vault, from: string): Promise<readonly string[]> {
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

/** Why a secret can't be made of its parts now. */
class Unmade extends Error {}

/** Makes a secret of its parts as they are now, if that gives another value; says why if it can't be made. */
export async function make(writing: Writing, vault: Vault, key: string, name: string): Promise<string | undefined> {
  const kept = await keptDerivation(writing.sql, vault.name, key)
  if (kept === undefined) return undefined
  try {
    await refuseGone(writing.sql, vault, key)
    const derivation = await arrangedAs(writing, vault, key, kept.sealed)
    const pieces = piecesOf(derivation.template)
    const parts = await readableParts(writing, vault, partsOf(pieces), derivation.by)
    const value = await filledWith(writing, vault, pieces, derivation, parts)
    const version = await keepMade(writing, vault, { key, name, value }, parts)
    await keepWithin(writing.sql, vault, key, version, parts)
    return undefined
  } catch (error) {
    if (error instanceof Unmade || error instanceof Unfilled) return error.message
    throw error
  }
}

async function refuseGone(sql: Sql, vault: Vault, key: string): Promise<void> {
  const head = await secretTables.headOf(sql, vault.name, key)
  if (head?.deletion !== undefined || head?.settling !== undefined) throw new Unmade('It is deleted.')
}

/** What was arranged, if it is still as it was kept. */
async function arrangedAs(writing: Writing, vault: Vault, key: string, sealed: Uint8Array): Promise<Arranged> {
  try {
    return await openDerivation(writing, vault, key, sealed)
  } catch (error) {
    if (!(error instanceof SealBroken)) throw error
    throw new Unmade('Its template is not as it was kept. Take it away and give it again.')
  }
}

/** The latest versions of the parts, each of which whoever arranged this may read now. */
async function readableParts(
  { sql, mayRead }: Writing,
  vault: Vault,
  names: readonly string[],
  by: Arranged['by'],
): Promise<ReadonlyMap<string, Kept>> {
  const parts = new Map<string, Kept>()
  for (const part of names) {
    const found = await secretTables.keptVersion(sql, vault.name, part, undefined)
    if (found === undefined) throw new Unmade(`There is no secret ${part}.`)
    if (!found.object.enabled) throw new Unmade(`The secret ${part} is disabled.`)
    const reading = { action: 'secrets/get', resource: resourceOf(vault, part), operation: 'DerivationRead' } as const
    if (!(await mayRead({ caller: by, ...reading, version: found.object.version }))) {
      throw new Unmade(
        `Who derived it may not read the secret ${part} any more. Somebody who may must derive it again.`,
      )
    }
    parts.set(part, found)
  }
  return parts
}

/** The template with the values of its parts. */
async function filledWith(
  writing: Writing,
  vault: Vault,
  pieces: ReturnType<typeof piecesOf>,
  { escaping, values }: Arranged,
  parts: ReadonlyMap<string, Kept>,
): Promise<string> {
  const opened = new Map<string, string>()
  for (const [part, found] of parts) opened.set(part, await openValue(writing, vault, found))
  const value = filled(pieces, escaping, values, opened)
  if (Buffer.byteLength(value) > valueBytesMax) throw new Unmade(`It would have more than ${valueBytesMax} bytes.`)
  return value
}

/** Gives a secret a version with this value, unless its latest has it already. It lives no longer than what it is made of. */
async function keepMade(
  writing: Writing,
  vault: Vault,
  { key, name, value }: { readonly key: string; readonly name: string; readonly value: string },
  parts: ReadonlyMap<string, Kept>,
): Promise<string> {
  const before = await secretTables.keptVersion(writing.sql, vault.name, key, undefined)
  if (before !== undefined && (await openValue(writing, vault, before)) === value) return before.object.version
  const ends = [...parts.values()].flatMap(({ object }) => object.expires ?? [])
  const draft = {
    contentType: before?.object.contentType,
    tags: before?.object.tags,
    enabled: before?.object.enabled,
    expires: ends.length === 0 ? undefined : Math.min(...ends),
  }
  const made = newVersion(before?.object.name ?? name, newVersionId(), draft, writing.at, before?.object.version)
  await write(writing, vault, made, value)
  return made.version
}

/** Keeps which versions are in a version, however deep: who has read it knows them. */
async function keepWithin(
  sql: Sql,
  vault: Vault,
  key: string,
  version: string,
  parts: ReadonlyMap<string, Kept>,
): Promise<void> {
  const within = new Map<string, string>()
  for (const [part, { object }] of parts) {
    for (const [deeper, of] of await versionsIn(sql, vault.name, part, object.version)) within.set(deeper, of)
    within.set(part, object.version)
  }
  await keepVersionsIn(sql, vault.name, key, version, within)
}

/** How a secret is made, as it was kept. */
export const openDerivation = async (
  { sql, keyring }: Pick<Writing, 'sql' | 'keyring'>,
  vault: Vault,
  name: string,
  sealed: Uint8Array,
): Promise<Arranged> =>
  JSON.parse(await keyring.unseal(sql, keyOfVault(vault), sealed, placeOf(vault, name))) as Arranged
