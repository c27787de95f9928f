import type { FarSide, Rehearsed } from '@cardea/contract/rotation/provider'
import { type Client, escapeIdentifier } from 'pg'
import { Rehearsal, twinName, twinPassword } from '../rehearsal.ts'
import { asAdmin, changes, standingOf, type Target, takeAway } from './admin.ts'
import { connected } from './connection.ts'
import { sslModeOf } from './pair.ts'
import { saltOf, scramVerifier } from './scram.ts'

type Part = { readonly roles: readonly string[]; readonly owner: string | undefined }

/** A role of its own with the same owner goes through all that the roles of a binding would; theirs are only looked at. */
export async function rehearse(far: FarSide<Target>, seed: string, part: Part): Promise<Rehearsed> {
  const [rehearsal, privileges] = [new Rehearsal(), new Rehearsal()]
  const { host, port, database, parameters } = far.binding
  const twin = twinName(`${host.toLowerCase()}:${port} ${part.roles.join(' ')}`)
  const login = { user: twin, password: twinPassword(seed, 'postgres') }
  const reached = await rehearsal.try(
    'The administrator logs in.',
    () => asAdmin(far, part.roles, (admin) => lookAtPrivileges(admin, part, privileges)),
    (error) =>
      (error as { code?: string }).code === '28P01'
        ? `Set the secret ${far.binding.admin} to a URI with the right password.`
        : undefined,
  )
  if (!reached) return { checks: rehearsal.checks, clean: true }
  await rehearsal.try('The roles are as they must be.', () =>
    asAdmin(far, part.roles, async (admin) => {
      for (const role of part.roles) await standingOf(admin, role, part.owner)
    }),
  )
  rehearsal.checks.push(...privileges.checks)
  if (rehearsal.allIsWell) {
    await rehearsal.try('A twin of the role is made with a password.', () =>
      asAdmin(far, part.roles, async (admin) => {
        await drop(admin, twin)
        const verifier = await scramVerifier(login.password, saltOf(far.rotationId, twin))
        await admin.query(changes(twin, verifier, part.owner, 'absent').join(';\n'))
      }),
    )
  }
  if (rehearsal.allIsWell) {
    const logsIn = await rehearsal.try(
      'The twin logs in as a program would.',
      async () => {
        const sslMode = sslModeOf(parameters ?? '', 'parameters')
        await connected({ ...login, host, port, database, sslMode }, far.signal, (client) => client.query('select 1'))
      },
      consumerRemedy(database),
    )
    // Of two roles, one loses its password when its turn is over; that of a single role is only ever replaced.
    const takesTurns = part.roles.length > 1
    // Whether a password is gone can be told only of one that has worked.
    if (logsIn && takesTurns) {
      await rehearsal.try('The twin loses its password.', () =>
        asAdmin(far, part.roles, (admin) => takeAway(admin, login, far)),
      )
    }
  }
  const remedy = `DROP ROLE IF EXISTS ${escapeIdentifier(twin)};`
  return rehearsal.endsWithout(() => asAdmin(far, part.roles, (admin) => drop(admin, twin)), remedy)
}

/** Who may not make roles may not drop one that isn't there either: it is looked for first. */
async function drop(admin: Client, twin: string): Promise<void> {
  const { rowCount } = await admin.query('select from pg_roles where rolname = $1', [twin])
  if (rowCount === 1) await admin.query(`drop role ${escapeIdentifier(twin)}`)
}

type Powers = { name: string; powerful: boolean; creates: boolean; signals: boolean; version: number }

/** From version 16 on, who may make roles may change only those over which it was given the administration. */
const administrationSince = 160_000

async function lookAtPrivileges(admin: Client, { roles, owner }: Part, rehearsal: Rehearsal): Promise<void> {
  const { rows } = await admin.query<Powers>(
    `select rolname as name, rolsuper as powerful, rolcreaterole as creates,
       pg_has_role(oid, 'pg_signal_backend', 'USAGE') as signals, current_setting('server_version_num')::int as version
     from pg_roles where rolname = current_user`,
  )
  const [powers] = rows
  if (powers === undefined || powers.powerful) return
  const name = escapeIdentifier(powers.name)
  const makes = powers.creates ? null : `${powers.name} may not make or change roles`
  rehearsal.note('The administrator may change roles.', makes, makes && `ALTER ROLE ${name} CREATEROLE;`)
  const ends = powers.signals ? null : `${powers.name} may not end the sessions of other roles`
  rehearsal.note('The administrator may end sessions.', ends, ends && `GRANT pg_signal_backend TO ${name};`)
  if (powers.version < administrationSince) return
  for (const role of [...roles, ...(owner === undefined ? [] : [owner])]) {
    const { rows: found } = await admin.query<{ over: boolean }>(
      `select pg_has_role(current_user, oid, 'MEMBER WITH ADMIN OPTION') as over from pg_roles where rolname = $1`,
      [role],
    )
    if (found[0] === undefined) continue
    const over = found[0].over ? null : `${powers.name} has no administration over ${role}`
    rehearsal.note(
      `The administrator may change ${role}.`,
      over,
      over && `GRANT ${escapeIdentifier(role)} TO ${name} WITH ADMIN OPTION;`,
    )
  }
}

const consumerRemedy = (database: string) => (error: unknown) => {
  const { code, routine } = error as { code?: string; routine?: string }
  if (code === '42501')
    return `GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO the owner of the roles, or to PUBLIC;`
  if (code === '3D000') return `Look at the database in the binding: there is no ${database}.`
  if (code === '28000' && routine === 'ClientAuthentication')
    return 'Let the roles log in from Cardea’s address in pg_hba.conf.'
  return undefined
}
