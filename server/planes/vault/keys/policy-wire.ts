import type { KeyRotationPolicy } from '@cardea/contract/vault/keys'
import { inSeconds } from '#base/clock.ts'
import type { PolicyOfKey } from '#core/keys/rotation.ts'
import { actionsByDefault, type LifetimeAction, type PolicyDraft, spoken } from '#core/keys/rotation-policy.ts'

type Said = {
  readonly lifetimeActions:
    | readonly {
        readonly trigger: Pick<PolicyDraft['actions'][number], 'timeAfterCreate' | 'timeBeforeExpiry'>
        readonly action: { readonly type: string }
      }[]
    | undefined
  readonly attributes: { readonly expiryTime: string | undefined } | undefined
}

/** Key Vault's words about a rotation policy into ours. */
export const policyDraftFrom = ({ lifetimeActions = [], attributes }: Said): PolicyDraft => ({
  expiryTime: attributes?.expiryTime,
  actions: lifetimeActions.map(({ trigger, action: { type } }) => ({ ...trigger, type })),
})

const actionOf = (action: LifetimeAction): KeyRotationPolicy['lifetimeActions'][number] => ({
  trigger: 'after' in action ? { timeAfterCreate: action.after } : { timeBeforeExpiry: action.before },
  action: { type: spoken[action.type] },
})

/** Ours into Key Vault's. A key that never was given a policy has one, too: its end is told. */
export const policyOf = (origin: string, { name, policy }: PolicyOfKey): KeyRotationPolicy => ({
  id: `${origin}/keys/${name}/rotationpolicy`,
  lifetimeActions: (policy?.actions ?? actionsByDefault).map(actionOf),
  attributes: {
    expiryTime: policy?.expiryTime,
    created: policy && inSeconds(policy.created),
    updated: policy && inSeconds(policy.updated),
  },
})
