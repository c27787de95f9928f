import type { Provider } from '@cardea/contract/rotation/provider'
import { authorityOf, passwordIn } from '../login.ts'
import { asAdmin } from './administrator.ts'
import { mannerOf } from './choice.ts'
import { rehearse } from './rehearsal.ts'
import { account, binding, type DatabaseUser, proposed, tried } from './user.ts'

/**
 * A user of MariaDB or MySQL, who has two passwords during a rotation. The two names are one provider: the server's
 * version chooses the way.
 */
const databaseUser = (name: 'mariadb' | 'mysql'): Provider<DatabaseUser> => ({
  name,
  kind: 'set',
  binding,
  secretsOf: ({ admin }) => [admin],
  placesOf: (binding) => [`mysql ${authorityOf(binding)} ${account(binding)}`],
  slotsOf: () => [],
  slotIn: () => undefined,
  knows: (value, { user }) => passwordIn(value, user) !== undefined,
  propose: proposed,
  probe: tried,

  apply: ({ value }, far) =>
    asAdmin(far, async (ask) => {
      const manner = await mannerOf(ask)
      await manner.add(ask, far.binding, passwordOf(value, far.binding))
    }),

  retire: ({ value }, far) =>
    asAdmin(far, async (ask) => {
      const manner = await mannerOf(ask)
      await manner.remove(ask, far.binding, passwordOf(value, far.binding))
      if (far.urgent) await manner.endSessions(ask, far.binding)
    }),

  rehearse,
})

/** Under both names the server's version chooses the manner. */
export const mariadbUser = databaseUser('mariadb')
export const mysqlUser = databaseUser('mysql')

function passwordOf(value: string, { user }: DatabaseUser): string {
  const password = passwordIn(value, user)
  if (password === undefined) throw new Error(`The value is no password of ${user}`)
  return password
}
