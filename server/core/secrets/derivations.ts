import { actions } from '@cardea/contract/actions'
import { Fault } from '#base/fault.ts'
import type { Sql } from '#base/sql.ts'
import type { Caller } from '#core/identity/caller.ts'
import { nameKey, noSuchObject } from '#core/objects/object.ts'
import { headForVersion } from '#core/objects/objects.ts'
import type { Scope, Sight } from '#core/perform.ts'
import { keyOfVault, type Vault } from '#core/vaults/vault.ts'
import { keepDerivation, keptDerivation, linksOf, removeDerivation, versionsIn } from './derivation-rows.ts'
import { type Arranged, type Derivation, followersOf, make, makeAnew, openDerivation, placeOf } from './making.ts'
import { secretTables } from './secret-rows.ts'
import { partsOf, piecesOf } from './template.ts'
import { life, resourceOf } from './writing.ts'

/** What is shown of how a secret is made, and of what is made of it. */
export type Shown = {
  readonly derivation:
    | (Derivation & { readonly parts: readonly string[]; readonly trouble: string | undefined })
    | undefined
  /** The keys of the secrets that are made of this one. */
  readonly made: readonly string[]
}

/** More than this are not made of one secret: all of them are made in the turn that changes it. */
const madeMax = 64

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
