import * as contract from '@cardea/contract/cardea/alerts'
import { Fault } from '#base/fault.ts'
import { putRule } from '#core/alerts/alerts.ts'
import { managementRoute } from '../management/management-route.ts'
import { alertViewOf } from './alert-wire.ts'
import { askedScope } from './scope.ts'

/** Why an address can't be posted to, in words that follow "must be"; the workers know what they may reach. */
export type RefusalOf = (url: string) => string | undefined

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)

export default (refusalOf: RefusalOf) =>
  managementRoute(contract.putAlert, {
    resource: askedScope,
    async run(scope, { params, query, body, subject }) {
      const { watch, threshold, withinSeconds, pauseSeconds, mail = [], webhook } = body
      if (mail.length === 0 && webhook === undefined)
        throw new Fault('invalid', 'mail or webhook must say whom to tell.', { where: 'mail' })
      const refusal = webhook === undefined ? undefined : refusalOf(webhook)
      if (refusal !== undefined) throw new Fault('invalid', `webhook must be ${refusal}.`, { where: 'webhook' })
      const place = query.resource ?? `/subscriptions/${subject.subscription}`
      const counts = { threshold, withinMs: inMs(withinSeconds), pauseMs: inMs(pauseSeconds) }
      return alertViewOf(await putRule(scope, place, params.name, { watch, to: { mail, webhook }, ...counts }))
    },
  })
