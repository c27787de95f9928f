import * as contract from '@cardea/contract/cardea/incidents'
import { runIncident } from '#core/incidents/incidents.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { askedFrom, incidentViewOf } from './wire.ts'

export default () =>
  managementRoute(contract.runIncident, {
    resource: askedScope,
    async run(scope, { query, body, subject, caller }) {
      const place = scopeOf(query, subject)
      return incidentViewOf(scope, await runIncident(scope, place, caller, askedFrom(body)))
    },
  })
