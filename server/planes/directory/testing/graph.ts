import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Heard, House } from '../../../testing/house.ts'

/** Microsoft Graph as its clients ask it: paths below `/v1.0`, JSON, a token of whoever asks. */
export type Graph = {
  ask(method: string, path: string, body?: unknown): Promise<Heard>
  /** Asks for what must succeed. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of it
  done(method: string, path: string, body?: unknown): Promise<any>
}
export const graphHost = 'graph.cardea.internal'

export function graphOf(house: House, token: () => Promise<string>): Graph {
  const ask: Graph['ask'] = async (method, path, body) =>
    house.ask(graphHost, method, `/v1.0${path}`, { token: await token(), ...(body !== undefined && { body }) })
  return {
    ask,
    async done(method, path, body) {
      const heard = await ask(method, path, body)
      assert.ok(heard.status < 300, `${method} ${path}: ${heard.status} ${heard.text}`)
      return heard.json
    },
  }
}

/** Signs an application in by what proves it: a password, or an assertion. */
export const signInBy = (
  house: House,
  appId: string,
  proof: Record<string, string>,
  audience = 'https://vault.cardea.internal',
): Promise<Heard> =>
  house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: appId,
      scope: `${audience}/.default`,
      ...proof,
    }).toString(),
  })

/** A filter or a name as clients put it into an address. */
export const encoded = (text: string): string => encodeURIComponent(text)

export const newUser = (name: string, rest: object = {}): Record<string, unknown> => ({
  displayName: name,
  userPrincipalName: `${randomUUID()}@cardea.internal`,
  mailNickname: 'someone',
  accountEnabled: true,
  passwordProfile: { password: `${randomUUID()}Aa1!`, forceChangePasswordNextSignIn: false },
  ...rest,
})

export const pointerTo = (id: string) => ({ '@odata.id': `https://${graphHost}/v1.0/directoryObjects/${id}` })
