import * as contract from '@cardea/contract/cardea/alerts'
import { refusalOf } from '#base/egress.ts'
import { Fault } from '#base/fault.ts'
import { putRule } from '#core/alerts/alerts.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { alertViewOf } from './wire.ts'

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)

export default (reach: { readonly allowPrivate: boolean }) =>
  managementRoute(contract.putAlert, {
    resource: askedScope,
    async run(scope, { params, query, body, subject }) {
      const { watch, threshold, withinSeconds, pauseSeconds, mail = [], webhook, chat } = body
      if (mail.length === 0 && webhook === undefined)
        throw new Fault('invalid', 'mail or webhook must say whom to tell.', { where: 'mail' })
      const refusal = webhook === undefined ? undefined : refusalOf(webhook, reach)
      if (refusal !== undefined) throw new Fault('invalid', `webhook must be ${refusal}.`, { where: 'webhook' })
      if (chat === true && webhook === undefined)
        throw new Fault('invalid', 'A chat is told by its web hook: give webhook.', { where: 'chat' })
      const place = scopeOf(query, subject)
      const counts = { threshold, withinMs: inMs(withinSeconds), pauseMs: inMs(pauseSeconds) }
      return alertViewOf(await putRule(scope, place, params.name, { watch, to: { mail, webhook, chat }, ...counts }))
    },
  })
