import * as contract from '@cardea/contract/cardea/alerts'
import { putRule } from '#core/alerts/alerts.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { alertViewOf } from './wire.ts'

const inMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000)

export default (reach: { readonly allowPrivate: boolean; readonly sendsMail: boolean }) =>
  managementRoute(contract.putAlert, {
    resource: askedScope,
    async run(scope, { params, query, body, subject }) {
      const { watch, threshold, withinSeconds, pauseSeconds, mail = [], webhook, chat } = body
      const place = scopeOf(query, subject)
      const counts = { threshold, withinMs: inMs(withinSeconds), pauseMs: inMs(pauseSeconds) }
      return alertViewOf(
        await putRule(scope, reach, place, params.name, { watch, to: { mail, webhook, chat }, ...counts }),
        reach,
      )
    },
  })
