import { Fault } from '#base/fault.ts'
import type { Base } from '#core/perform.ts'
import { boundAs, type Providers } from '#core/rotation/rotation.ts'
import { deepPartsOf } from '#core/secrets/derivations.ts'
import { resourceOf, standingOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { liveVault } from '#core/vaults/vaults.ts'
import { exposedTo, may, mayRead } from './exposure.ts'
import { type Item, type Question, ranked } from './incident.ts'

export type Planning = { readonly base: Base; readonly providers: Providers }
export type Plan = { readonly items: readonly Item[]; readonly stillReadable: number }

/** More than this are too many for one incident: narrow it to a vault, or to a shorter time. */
const itemsMax = 10_000

type Fate = Pick<Item, 'remedy' | 'why' | 'todo'> & { readonly before: readonly string[] }

/** What may be known, and what can be done about each, in the order in which it is to be done. */
export async function plan({ base, providers }: Planning, question: Question, until: number): Promise<Plan> {
  const exposed = await exposedTo(base, question, until)
  if (exposed.size > itemsMax) {
    throw new Fault('invalid', `More than ${itemsMax} secrets may be known. Narrow it by resource or by time.`)
  }
  const fates = new Map<string, Fate>()
  let stillReadable = 0
  for (const [key, one] of exposed) {
    const vault = await liveVault(base.database.read, one.vault)
    fates.set(key, await fateOf({ base, providers }, question, vault, one.name))
    const { identity } = question
    if (identity !== undefined && vault !== undefined && (await mayRead(base, identity, resourceOf(vault, one.name)))) {
      stillReadable += 1
    }
  }
  const ranks = ranked(new Map([...fates].map(([key, { before }]) => [key, before])))
  const items = [...exposed].map(([key, { vault, name, exposure, through, versions, met }]): Item => {
    const { remedy, why, todo } = fates.get(key) as Fate
    return {
      ...{ vault, name, exposure, met, remedy, why, todo },
      through: [...through],
      versions: [...versions],
      rank: ranks.get(key) ?? 0,
      state: remedy === 'by-hand' ? 'by-hand' : 'waiting',
      attempts: 0,
      version: undefined,
      refused: undefined,
      disabled: [],
    }
  })
  return {
    items: items.sort((a, b) => a.rank - b.rank || a.vault.localeCompare(b.vault) || a.name.localeCompare(b.name)),
    stillReadable,
  }
}

const byHand = (why: string, todo: string): Fate => ({ remedy: 'by-hand', why, todo, before: [] })

/** What can be done about one secret, or why nothing can. */
async function fateOf(
  { base, providers }: Planning,
  { by }: Question,
  vault: Vault | undefined,
  name: string,
): Promise<Fate> {
  const sql = base.database.read
  if (vault === undefined) {
    return byHand('Its vault is deleted.', 'Revoke it where it is accepted.')
  }
  const standing = await standingOf(sql, vault, name)
  if (standing === undefined) return byHand('It is gone for good.', 'Revoke it where it is accepted.')
  if (standing.deleted) {
    return byHand(
      'It is deleted, and may still be accepted.',
      'Recover and rotate it, or revoke it where it is accepted.',
    )
  }
  if (standing.latest.managed) {
    return byHand(
      `It belongs to the certificate ${name}, and holds its private key.`,
      'Create the certificate anew with another key, have its issuer revoke the one before, and disable its old versions.',
    )
  }
  const parts = await deepPartsOf(sql, vault, name)
  if (parts.length > 0) {
    const before = parts.map((part) => `${vault.name}/${part}`)
    return { remedy: 'follow', why: undefined, todo: undefined, before }
  }
  const bound = await boundAs(sql, providers, vault, name)
  if (bound === undefined) {
    return byHand(
      'It is not bound to a provider.',
      `Change it where it is accepted, then: cardea secret set ${name}. Or bind it: cardea rotation bind ${name}`,
    )
  }
  if (!standing.latest.enabled) {
    return byHand('Its latest version is disabled.', 'Enable and rotate it, or revoke it where it is accepted.')
  }
  if (!(await may(base, by, 'rotations/run', resourceOf(vault, name)))) {
    return byHand(
      'Who called this may not rotate it.',
      `Have it rotated by somebody who may: cardea rotate ${name} --emergency`,
    )
  }
  // What a binding draws on goes first; where that is made of others, they do.
  const before: string[] = []
  for (const drawn of bound.draws) {
    for (const one of [drawn, ...(await deepPartsOf(sql, vault, drawn))]) before.push(`${vault.name}/${one}`)
  }
  return { remedy: 'rotate', why: undefined, todo: undefined, before }
}
