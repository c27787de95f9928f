import * as contract from '@cardea/contract/cardea/incidents'
import { planIncident } from '#core/incidents/incidents.ts'
import type { Planning } from '#core/incidents/plan.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'
import { askedFrom, incidentViewOf } from './wire.ts'

export default (planning: Planning) =>
  managementRoute(contract.planIncident, {
    resource: askedScope,
    async run(sight, { query, body, subject, caller }) {
      const scope = scopeOf(query, subject)
      const { at, ...planned } = await planIncident(sight, planning, scope, caller, askedFrom(body))
      const none = { id: null, ended: undefined, why: undefined }
      return incidentViewOf(sight, { ...planned, ...none, state: 'planned', started: at })
    },
  })
