import { type Action, actionNames, actions } from '@cardea/contract/actions'
import type { Grant } from './grant.ts'
import type { AccessPolicy, PolicyKind } from './permission-model.ts'

/** What the words of access policies allow, as data actions (Azure/KeyVault-AccessPolicyToRBAC-CompareTool). `all` is every word of its kind. */
const same = (...words: string[]): [string, string[]][] => words.map((word) => [word, [`${word}/action`]])
const meanings: Record<PolicyKind, ReadonlyMap<string, readonly string[]>> = {
  secrets: new Map<string, readonly string[]>([
    ['get', ['secrets/getSecret/action']],
    ['list', ['secrets/readMetadata/action']],
    ['set', ['secrets/setSecret/action', 'secrets/update/action']],
    ['delete', ['secrets/delete']],
    ...below('secrets', same('recover', 'backup', 'restore', 'purge')),
  ]),
  keys: new Map<string, readonly string[]>([
    ['get', ['keys/read']],
    ['list', ['keys/read']],
    ['delete', ['keys/delete']],
    ...below('keys', same('update', 'create', 'import', 'recover', 'backup', 'restore', 'purge', 'release', 'rotate')),
    ...below('keys', same('encrypt', 'decrypt', 'sign', 'verify')),
    ['wrapkey', ['keys/wrap/action']],
    ['unwrapkey', ['keys/unwrap/action']],
    ['getrotationpolicy', ['keyrotationpolicies/read']],
    ['setrotationpolicy', ['keyrotationpolicies/write']],
  ]),
  certificates: new Map<string, readonly string[]>([
    ['get', ['certificates/read']],
    ['list', ['certificates/read']],
    ['delete', ['certificates/delete']],
    ...below('certificates', same('update', 'create', 'import', 'recover', 'backup', 'restore', 'purge')),
    ['managecontacts', ['certificatecontacts/write']],
    ['manageissuers', ['certificatecas/write']],
    ['setissuers', ['certificatecas/write']],
    ['getissuers', ['certificatecas/read']],
    ['listissuers', ['certificatecas/read']],
    ['deleteissuers', ['certificatecas/delete']],
  ]),
  // Managed storage accounts don't exist here.
  storage: new Map(),
}
function below(kind: string, words: [string, string[]][]): [string, string[]][] {
  return words.map(([word, meant]) => [word, meant.map((action) => `${kind}/${action}`)])
}

/** Whether access policies have a word for this action at all. */
export const spokenOf = (action: Action): boolean => actions[action].startsWith('Microsoft.KeyVault/vaults/')

/** The data actions that a policy allows, in the words of role definitions. */
export function allowedBy({ permissions }: Pick<AccessPolicy, 'permissions'>): ReadonlySet<string> {
  const allowed = new Set<string>()
  for (const [kind, words = []] of Object.entries(permissions) as [PolicyKind, readonly string[] | undefined][]) {
    const known = meanings[kind]
    for (const word of words) {
      const meant = word.toLowerCase() === 'all' ? [...(known?.values() ?? [])].flat() : known?.get(word.toLowerCase())
      for (const action of meant ?? []) allowed.add(`Microsoft.KeyVault/vaults/${action}`)
    }
  }
  return allowed
}

/**
 * What a vault's access policies grant to a caller: those that name it or a group of its. One that also names an
 * application counts only when the caller comes by way of exactly that one.
 */
export function grantsByPolicy(
  policies: readonly AccessPolicy[],
  { principals, appId }: { readonly principals: readonly string[]; readonly appId: string },
  vault: string,
): Grant[] {
  return policies.flatMap((policy): Grant[] => {
    const named = principals.includes(policy.objectId.toLowerCase())
    const through = policy.applicationId === undefined || policy.applicationId.toLowerCase() === appId.toLowerCase()
    if (!named || !through) return []
    const allowed = allowedBy(policy)
    const allows = new Set(actionNames.filter((action) => allowed.has(actions[action])))
    // No assignment allowed it, so none can be named.
    return [{ assignment: '', scope: vault, actions: allows }]
  })
}

/** `secrets get`: how a refusal names what is missing. */
export function wordFor(action: Action): string {
  for (const [kind, words] of Object.entries(meanings)) {
    for (const [word, meant] of words) {
      if (meant.some((one) => actions[action] === `Microsoft.KeyVault/vaults/${one}`)) return `${kind} ${word}`
    }
  }
  return actions[action]
}
