import * as contract from '@cardea/contract/cardea/incidents'
import { inSeconds, inSecondsOrNull } from '#base/clock.ts'
import { listIncidents } from '#core/incidents/incidents.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope, scopeOf } from '../scope.ts'

export default () =>
  managementRoute(contract.listIncidents, {
    resource: askedScope,
    async run(sight, { query, subject }): Promise<contract.IncidentList> {
      const found = await listIncidents(sight, scopeOf(query, subject))
      return {
        value: found.map(({ id, state, started, ended }) => ({
          id,
          state,
          started: inSeconds(started),
          ended: inSecondsOrNull(ended),
        })),
      }
    },
  })
