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

async function boundOf(sql: Sql, providers: Providers, vault: Vault, name: string, policy: Policy): Promise<Bound> {
  const standing = await standingOf(sql, vault, name)
  const provider = providers.get(policy.provider)
  const binding = provider?.binding.read(JSON.parse(policy.binding), 'binding')
  return {
    name,
    policy,
    age: standing?.latest,
    off: standing !== undefined && (standing.deleted || !standing.latest.enabled),
    retries: standing !== undefined && (await retries(sql, vault, name, standing.latest)),
    targets: [...new Set(provider?.placesOf(binding).map(targetOf))],
    draws: provider?.secretsOf(binding).map((drawn) => drawn.toLowerCase()) ?? [],
    spread: spreadOf(`${vault.name}/${name}`),
  }
}

/** A place says what kind of system, where, and what in it; the first two are the target. */
const targetOf = (place: string): string => place.split(' ', 2).join(' ')
