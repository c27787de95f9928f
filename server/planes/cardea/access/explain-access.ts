import { actions } from '@cardea/contract/actions'
import * as contract from '@cardea/contract/cardea/access'
import { explain } from '#core/access/explain.ts'
import { managementRoute } from '../../management/management-route.ts'
import { askedScope } from '../scope.ts'

export default () =>
  managementRoute(contract.explainAccess, {
    resource: askedScope,
    async run(sight, { query }): Promise<contract.AccessExplanation> {
      const { principal, action, resource, allowed, model, closed, reasons, wanted } = await explain(sight, query)
      return {
        principal: {
          id: principal.objectId,
          name: principal.name,
          kind: principal.kind,
          enabled: principal.enabled,
        },
        action: actions[action],
        resource,
        allowed,
        model,
        closed,
        reasons: reasons.map(({ kind, assignment, role, scope, group, condition, verdict, loses }) => ({
          kind,
          assignment: assignment ?? null,
          role: role ?? null,
          scope,
          group: group ?? null,
          condition: condition ?? null,
          verdict,
          loses: loses.map((one) => actions[one]),
        })),
        wanted: wanted ?? null,
      }
    },
  })
