import * as contract from '@cardea/contract/cardea/incidents'
import { showIncident } from '#core/incidents/incidents.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { incidentViewOf } from './wire.ts'

export default () =>
  managementRoute(contract.showIncident, {
    resource: askedScope,
    async run(sight, { params: { id }, query, subject }) {
      const place = scopeOf(query, subject)
      return incidentViewOf(sight, await showIncident(sight, place, id))
    },
  })
