import type { AlertView } from '@cardea/contract/cardea/alerts'
import { inSecondsOrNull } from '#base/clock.ts'
import type { Rule } from '#core/alerts/alert.ts'

/** Ours into the treaty's. Of a web hook's address only its host is shown: the rest may be a credential. */
export const alertViewOf = ({
  name,
  scope,
  watch,
  threshold,
  withinMs,
  pauseMs,
  to,
  told,
  trouble,
}: Rule): AlertView => ({
  ...{ name, resource: scope, watch, threshold },
  withinSeconds: withinMs / 1000,
  pauseSeconds: pauseMs / 1000,
  mail: to.mail,
  webhook: to.webhook === undefined ? null : new URL(to.webhook).host,
  chat: to.chat === true,
  told: inSecondsOrNull(told),
  trouble: trouble ?? null,
})
