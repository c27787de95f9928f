import type { Sql } from '#base/sql.ts'
import type { Slice } from '#core/objects/object-tables.ts'
import type { Sight } from '#core/perform.ts'
import { standingOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { retries } from './look.ts'
import { type Bound, type Frame, type Plan, planOf } from './plan.ts'
import { type Policy, spreadOf } from './policy.ts'
import type { Providers } from './rotation.ts'
import { lastRotation, policiesIn, type Rotation } from './rotation-rows.ts'

/** All that is bound in a vault, at a glance and ahead of time. */
export type BoundSecret = {
  readonly nameKey: string
  /** As it was first written; the key, where nothing was written yet. */
  readonly name: string
  readonly policy: Policy
  /** The rotation that is open, else the last one. */
  readonly rotation: Rotation | undefined
}

/** What is bound in a vault, in the order of names. */
export async function listRotations(
  { sql }: Sight<'rotations/read'>,
  vault: Vault,
  { after, limit }: Slice,
): Promise<BoundSecret[]> {
  const found = await policiesIn(sql, vault.name, after ?? '', limit)
  return Promise.all(
    found.map(async ({ nameKey, policy }) => ({
      nameKey,
      name: (await standingOf(sql, vault, nameKey))?.latest.name ?? nameKey,
      policy,
      rotation: await lastRotation(sql, vault.name, nameKey),
    })),
  )
}

const pageSize = 500

/** What the scheduler would do with all that is bound in a vault. */
export async function planRotations(
  { sql }: Sight<'rotations/read'>,
  providers: Providers,
  vault: Vault,
  frame: Frame,
): Promise<Plan> {
  const bound: Bound[] = []
  for (let after = ''; ; ) {
    const page = await policiesIn(sql, vault.name, after, pageSize)
    for (const { nameKey, policy } of page) bound.push(await boundOf(sql, providers, vault, nameKey, policy))
    after = page.at(-1)?.nameKey ?? ''
    if (page.length < pageSize) return planOf(bound, frame)
  }
}

async function boundOf(sql: Sql, providers: Providers, vault: Vault, nameKey: string, policy: Policy): Promise<Bound> {
  const standing = await standingOf(sql, vault, nameKey)
  const provider = providers.get(policy.provider)
  const binding = provider?.binding.read(JSON.parse(policy.binding), 'binding')
  return {
    name: standing?.latest.name ?? nameKey,
    policy,
    age: standing?.latest,
    off: standing !== undefined && (standing.deleted || !standing.latest.enabled),
    retries: standing !== undefined && (await retries(sql, vault, nameKey, standing.latest)),
    targets: [...new Set(provider?.placesOf(binding).map(targetOf))],
    draws: provider?.secretsOf(binding).map((drawn) => drawn.toLowerCase()) ?? [],
    spread: spreadOf(`${vault.name}/${nameKey}`),
  }
}

/** A place says what kind of system, where, and what in it; the first two are the target. */
const targetOf = (place: string): string => place.split(' ', 2).join(' ')
