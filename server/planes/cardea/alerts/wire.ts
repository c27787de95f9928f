import type { AlertView } from '@cardea/contract/cardea/alerts'
import { inSecondsOrNull } from '#base/clock.ts'
import { lastTold, type Rule, troubleOf } from '#core/alerts/alert.ts'

/** Ours into the treaty's. Of a web hook's address only its host is shown: the rest may be a credential. */
export const alertViewOf = (rule: Rule, outlets: { readonly sendsMail: boolean }): AlertView => {
  const { name, scope, watch, threshold, withinMs, pauseMs, to } = rule
  return {
    ...{ name, resource: scope, watch, threshold },
    withinSeconds: withinMs / 1000,
    pauseSeconds: pauseMs / 1000,
    mail: to.mail,
    webhook: to.webhook === undefined ? null : new URL(to.webhook).host,
    chat: to.chat === true,
    told: inSecondsOrNull(lastTold(rule)),
    trouble: troubleOf(rule, outlets) ?? null,
  }
}
