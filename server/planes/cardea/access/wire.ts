import type { AccessConversion } from '@cardea/contract/cardea/access'
import type { Conversion } from '#core/access/conversion.ts'

/** Ours into the treaty's. */
export const conversionOf = ({ model, steps }: Conversion): AccessConversion => ({
  model,
  steps: steps.map(({ principal, name, roles, gains, left }) => ({
    principal,
    name: name ?? null,
    roles: [...roles],
    gains: [...gains],
    left: left ?? null,
  })),
})
