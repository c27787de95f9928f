import { Fault } from '#base/fault.ts'
import type { Lists } from './roles.ts'

/** The least and the most that the name of an action is: a provider with what it does, or everything. */
const pattern = /^(\*|[A-Za-z0-9*]+(\.[A-Za-z0-9*]+)*(\/[A-Za-z0-9*_-]+)+)$/

type Named = { readonly name: string; readonly scopes: readonly string[] }

/** A role that reads as it is, allows something, and can be assigned somewhere, though not everywhere; else a fault that says why. */
export function soundRole<Wanted extends Lists & Named>(wanted: Wanted): Wanted {
  const { actions, notActions, dataActions, notDataActions, scopes } = wanted
  if (scopes.length === 0 || scopes.includes('/'))
    throw refused('A role needs assignable scopes, and a custom role can’t have the root among them.')
  const name = readable(wanted.name)
  const wrong = [...actions, ...notActions, ...dataActions, ...notDataActions].find((one) => !pattern.test(one))
  if (wrong !== undefined) throw refused(`'${wrong}' is no name of an action.`)
  if (actions.length + dataActions.length === 0)
    throw refused('A role needs an action or a data action that it allows.')
  return { ...wanted, name }
}

/** A name with nothing unseen in it, and nothing that ends a line. */
function readable(name: string): string {
  if (name.trim() === '' || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(name))
    throw refused('A role needs a name of letters that can be seen.')
  return name.normalize('NFC').trim()
}

const refused = (words: string): Fault => new Fault('invalid', words, { arm: 'InvalidRoleDefinition' })
