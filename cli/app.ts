import { command, data, json, Refusal } from './command.ts'
import { objectCalled, type Principal } from './principal.ts'
import { paintFor, shown, table } from './print.ts'
import { pagesOf, type Service, withDirectory } from './service.ts'
import { timestampFrom } from './time.ts'

/** Applications: who acts without a person, and the passwords by which they prove it. */
type Application = Principal & {
  readonly appId: string
  readonly passwordCredentials?: readonly Password[]
}
type Password = { readonly keyId: string; readonly displayName: string | null; readonly endDateTime: string }

const app = { says: 'the application, by its name, its application id or its object id' } as const

export const appCreate = command({
  name: 'app create',
  says: 'Registers an application that can sign in, and may do nothing until a role is assigned to it.',
  takes: { name: { says: 'what it is called' } },
  options: { data, json },
  examples: ['cardea app create orders-app'],
  async run({ name, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, appId } = (await directory.ask<Application>('POST', '/v1.0/applications', { displayName: name })).body
      const principal = await principalFor(directory, id, appId)
      if (json) world.print(JSON.stringify({ name, appId, id, principal: principal.id }))
      else {
        world.print(`${paintFor(world.terminal).name(shown(name))} is registered, with the application id ${appId}`)
        world.print(`Give it a password: cardea app add-password ${appId}`)
      }
      return 0
    })
  },
})

/** Without a principal an application can't sign in, and would only be in the way of the next attempt: then it goes again. */
async function principalFor(directory: Service, id: string, appId: string): Promise<Principal> {
  try {
    return (await directory.ask<Principal>('POST', '/v1.0/servicePrincipals', { appId })).body
  } catch (error) {
    await directory.ask('DELETE', `/v1.0/applications/${id}`).catch(() => {
      throw new Refusal(
        'unfinished',
        `The application is registered, and can't sign in: ${error instanceof Error ? error.message : error}`,
        `Before another attempt, take it away with: cardea app delete ${id}`,
      )
    })
    throw error
  }
}

export const appList = command({
  name: 'app list',
  says: 'Lists the applications, with the passwords that they have.',
  takes: {},
  options: { data, json },
  examples: ['cardea app list'],
  async run({ json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const found = await pagesOf<Application>(directory, '/v1.0/applications', 'value', '@odata.nextLink')
      const apps = found.map(({ id, appId, displayName, passwordCredentials = [] }) => ({
        name: displayName,
        appId,
        id,
        passwords: passwordCredentials.map(({ keyId, displayName, endDateTime: ends }) => ({
          keyId,
          name: displayName,
          ends,
        })),
      }))
      if (json) world.print(JSON.stringify(apps))
      else if (apps.length === 0) world.print('There is no application yet. Make one with: cardea app create NAME')
      else {
        const paint = paintFor(world.terminal)
        const rows = apps.flatMap(({ name, appId, passwords }) =>
          (passwords.length === 0 ? [undefined] : passwords).map((password) => [
            paint.name(shown(name)),
            appId,
            password?.keyId ?? paint.dim('none'),
            password?.ends.slice(0, 10) ?? '',
          ]),
        )
        const heads = [
          { head: 'APPLICATION' },
          { head: 'APPLICATION ID', whole: true },
          { head: 'PASSWORD', whole: true },
          { head: 'ENDS' },
        ]
        for (const line of table(paint, heads, rows)) world.print(line)
      }
      return 0
    })
  },
})

export const appDelete = command({
  name: 'app delete',
  says: 'Deletes an application; what it holds ends at once, and for good.',
  takes: { app },
  options: { data, json },
  examples: ['cardea app delete orders-app'],
  async run({ app, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, displayName: name } = await objectCalled(directory, 'applications', app)
      await directory.ask('DELETE', `/v1.0/applications/${id}`)
      world.print(
        json ? JSON.stringify({ name, id, deleted: true }) : `${paintFor(world.terminal).name(shown(name))} is deleted`,
      )
      return 0
    })
  },
})

export const appAddPassword = command({
  name: 'app add-password',
  says: 'Gives an application another password, and prints it: it can’t be shown again.',
  more: 'The password is all that standard output has, so that it can be piped into a file or another command.',
  takes: { app },
  options: {
    'password-name': { type: 'string', value: 'NAME', says: 'what it is called in lists' },
    expires: { type: 'string', value: 'TIME', says: 'until when it holds (default two years)' },
    force: { type: 'boolean', says: 'show it on a screen' },
    data,
    json,
  },
  examples: ['cardea app add-password orders-app | cardea secret set orders-app-password'],
  async run({ app, expires, force, json, data, 'password-name': displayName }, world) {
    if (world.terminal.out && !force) {
      throw new Refusal('refused', 'The password would be shown on this screen.', 'Pipe it elsewhere, or say --force.')
    }
    const ends = expires === undefined ? undefined : timestampFrom('--expires', expires, world.now(), 'ahead')
    return withDirectory(world, { data }, async (directory) => {
      const { id, appId } = await objectCalled(directory, 'applications', app)
      const passwordCredential = {
        ...(displayName !== undefined && { displayName }),
        ...(ends !== undefined && { endDateTime: ends }),
      }
      const { keyId, secretText, endDateTime } = (
        await directory.ask<Password & { secretText: string }>('POST', `/v1.0/applications/${id}/addPassword`, {
          passwordCredential,
        })
      ).body
      if (json) world.print(JSON.stringify({ appId, keyId, password: secretText, ends: endDateTime }))
      else {
        world.write(world.terminal.out ? `${secretText}\n` : secretText)
        world.tell(
          `It holds until ${endDateTime.slice(0, 10)}. Take it away with: cardea app remove-password ${appId} ${keyId}`,
        )
      }
      return 0
    })
  },
})

export const appRemovePassword = command({
  name: 'app remove-password',
  says: 'Takes a password away from an application; it proves nothing from the answer on.',
  takes: { app, password: { says: 'the id of the password, as "app list" shows it' } },
  options: { data, json },
  examples: ['cardea app remove-password orders-app 6f1c2f4e-…'],
  async run({ app, password: keyId, json, data }, world) {
    return withDirectory(world, { data }, async (directory) => {
      const { id, appId } = await objectCalled(directory, 'applications', app)
      await directory.ask('POST', `/v1.0/applications/${id}/removePassword`, { keyId })
      world.print(json ? JSON.stringify({ appId, keyId, removed: true }) : 'The password proves nothing any longer.')
      return 0
    })
  },
})
