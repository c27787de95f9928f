import type { DerivationView } from '@cardea/contract/cardea/derivations'
import type { Sight } from '#core/perform.ts'
import type { Shown } from '#core/secrets/derivations.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import type { Vault } from '#core/vaults/vault.ts'

/** How a secret is made, for whoever asks: its template is for those who may read it, names for those who may list them. */
export function derivationViewOf(
  { permit }: Pick<Sight<'secrets/list' | 'secrets/set'>, 'permit'>,
  vault: Vault,
  secret: string,
  { derivation, made }: Shown,
): DerivationView {
  const listed = (names: readonly string[]) =>
    names.filter((name) => permit.allows('secrets/list', resourceOf(vault, name)))
  const open = permit.allows('secrets/get', resourceOf(vault, secret))
  return {
    secret,
    derivation:
      derivation === undefined
        ? null
        : {
            template: open ? derivation.template : null,
            escaping: derivation.escaping,
            values: open ? derivation.values : null,
            parts: listed(derivation.parts),
            trouble: derivation.trouble ?? null,
          },
    usedBy: listed(made),
  }
}
