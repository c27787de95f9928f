import * as contract from '@cardea/contract/cardea/alerts'
import { rulesWithin } from '#core/alerts/alerts.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { alertViewOf } from './wire.ts'

export default (outlets: { readonly sendsMail: boolean }) =>
  managementRoute(contract.listAlerts, {
    resource: askedScope,
    async run(sight, { query, subject }) {
      const rules = await rulesWithin(sight, scopeOf(query, subject))
      return { value: rules.map((rule) => alertViewOf(rule, outlets)) }
    },
  })
