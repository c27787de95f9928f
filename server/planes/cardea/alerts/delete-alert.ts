import * as contract from '@cardea/contract/cardea/alerts'
import { removeRule } from '#core/alerts/alerts.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'

export default () =>
  managementRoute(contract.deleteAlert, {
    resource: askedScope,
    async run(scope, { params, query, subject }) {
      await removeRule(scope, scopeOf(query, subject), params.name)
    },
  })
