import * as contract from '@cardea/contract/management/authorization'
import { scopeIn } from '@cardea/contract/operation'
import { Fault } from '#base/fault.ts'
import { putRole } from '#core/access/definitions.ts'
import { managementRoute } from '../management-route.ts'
import { scopeFrom } from './scope.ts'
import { definitionResource } from './wire.ts'

export default () =>
  managementRoute(contract.putRoleDefinition, {
    resource: scopeIn,
    async run(scope, { params, body: { properties }, subject, caller }) {
      const { permissions, assignableScopes, roleName, description } = properties
      const [lists, more] = permissions
      if (lists === undefined || more !== undefined || (lists.condition ?? undefined) !== undefined) {
        throw refused('A role has exactly one set of permissions, without a condition; give that to its assignments.')
      }
      if (assignableScopes.length === 0 || assignableScopes.includes('/')) {
        throw refused('A role needs assignable scopes, and a custom role can’t have the root among them.')
      }
      const scopes = []
      for (const one of assignableScopes) scopes.push(await scopeFrom(scope.sql, subject, one))
      const role = await putRole(scope, {
        id: params.name.toLowerCase(),
        name: nameFrom(roleName),
        description: description ?? '',
        ...patternsFrom(lists),
        scopes: [...new Set(scopes)],
        by: caller.objectId,
      })
      return definitionResource(subject, role)
    },
  })

const refused = (words: string): Fault => new Fault('invalid', words, { arm: 'InvalidRoleDefinition' })

/** A name that reads as it is: nothing unseen, nothing that ends a line. */
function nameFrom(name: string): string {
  if (name.trim() === '' || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name)) {
    throw refused('A role needs a name of letters that can be seen.')
  }
  return name.normalize('NFC').trim()
}

/** The least and the most that the name of an action is: a provider with what it does, or everything. */
const pattern = /^(\*|[A-Za-z0-9*]+(\.[A-Za-z0-9*]+)*(\/[A-Za-z0-9*_-]+)+)$/

type Patterns = { readonly [list in 'actions' | 'notActions' | 'dataActions' | 'notDataActions']: string[] | undefined }

function patternsFrom({ actions = [], notActions = [], dataActions = [], notDataActions = [] }: Patterns) {
  const wrong = [...actions, ...notActions, ...dataActions, ...notDataActions].find((one) => !pattern.test(one))
  if (wrong !== undefined) throw refused(`'${wrong}' is no name of an action.`)
  if (actions.length + dataActions.length === 0)
    throw refused('A role needs an action or a data action that it allows.')
  return { actions, notActions, dataActions, notDataActions }
}
