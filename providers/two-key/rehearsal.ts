import { list, record, text } from '@cardea/contract/shape'
import { matches } from '@cardea/contract/wildcard'
import { type Heard, jsonOf } from '../http/request.ts'
import type { Rehearsal } from '../rehearsal.ts'

const roles = record({ value: list(record({ actions: list(text()), notActions: list(text()) })) })

/**
 * A key can't be regenerated on trial: the one before is gone then. Whether the administrator may is asked instead, where
 * a resource manager answers that (Microsoft.Authorization/permissions); else it is said that nobody has.
 */
export function notePermission(
  rehearsal: Rehearsal,
  account: string,
  clientId: string,
  heard: Heard | undefined,
): void {
  const untried = 'That a key can be regenerated isn’t tried, since the one before would be gone.'
  const action = actionOf(account)
  const granted = grantedIn(heard)
  if (action === undefined || granted === undefined) {
    rehearsal.note(`${untried} Nor does anybody say whether ${clientId} may: look at its roles.`)
    return
  }
  rehearsal.note(untried)
  const may = granted.some(({ actions, notActions }) => covers(actions, action) && !covers(notActions, action))
  const what = `The administrator may ${action}.`
  if (may) rehearsal.note(what)
  else {
    const scope = new URL(account).pathname
    const remedy = `Assign a role with ${action} to the application ${clientId} on ${scope}.`
    rehearsal.note(what, `No role of ${clientId} on the account allows it`, remedy)
  }
}

/** `Microsoft.Storage/storageAccounts/regenerateKey/action`, of the account's own kind. */
function actionOf(account: string): string | undefined {
  const [, provider, kind] = /\/providers\/([^/]+)\/([^/]+)\/[^/]+$/i.exec(new URL(account).pathname) ?? []
  return provider === undefined ? undefined : `${provider}/${kind}/regenerateKey/action`
}

function grantedIn(heard: Heard | undefined) {
  if (heard?.status !== 200) return undefined
  try {
    return roles.read(jsonOf(heard), '').value
  } catch {
    return undefined
  }
}

const covers = (patterns: readonly string[], action: string): boolean =>
  patterns.some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase()))
