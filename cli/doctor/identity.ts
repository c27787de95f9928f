import { credentialFrom } from '@cardea/client/credential'
import { tokensOf } from '@cardea/client/tokens'
import { Refusal } from '../command.ts'
import { vaultOn } from '../service.ts'
import { besideLogin, type Way } from '../way.ts'
import { type Line, wordsOf } from './line.ts'

/** Whether this environment's identity gets a token. */
export async function tokenLine(vault: string, { env, transport }: Way): Promise<Line> {
  try {
    const { host } = new URL(vault)
    await tokensOf(credentialFrom(env, transport)).get(`https://${host.slice(host.indexOf('.') + 1)}/.default`)
    return { state: 'ok', about: 'token', says: 'the identity of this environment gets one' }
  } catch (error) {
    return {
      state: 'fail',
      about: 'token',
      ...wordsOf(error),
      next: 'Look at AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or take both anew: eval "$(cardea env)"',
    }
  }
}

/** Whether it may do in the vault what nearly every program does first. */
export async function rightsLine(vault: string, way: Way): Promise<Line> {
  try {
    await vaultOn(way, vault).ask('GET', '/secrets?maxresults=1')
    return { state: 'ok', about: 'rights', says: `this identity may list the secrets of ${vault}` }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'forbidden')
      return {
        state: 'warn',
        about: 'rights',
        says: `this identity may not list the secrets of ${vault}`,
        next: 'Key Vault Reader or Key Vault Secrets User allows it.',
      }
    return { state: 'fail', about: 'rights', ...wordsOf(error) }
  }
}

/** Under load so many wait for a moment; more have been waiting for a receiver that doesn't answer. */
const waitingMax = 100

/** What the server says of its own work, to one who may ask. */
export async function workLines({ env, transport }: Way): Promise<Line[]> {
  try {
    const origin = besideLogin(env, 'management')
    const { token } = await tokensOf(credentialFrom(env, transport)).get(`${origin}/.default`)
    const answer = await transport.send({
      url: new URL('/.cardea/metrics', origin),
      headers: { authorization: `Bearer ${token}` },
    })
    if (answer.status !== 200)
      return [
        {
          state: 'warn',
          about: 'work',
          says: 'this identity may not see how rotations and deliveries stand',
          next: 'Owner or Contributor at the subscription allows it.',
        },
      ]
    const numberOf = (line: string) =>
      Number(
        answer.body
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length + 1) ?? 0,
      )
    const blocked = numberOf('cardea_rotations_open{state="blocked"}')
    const waiting = numberOf('cardea_events_waiting')
    return [
      blocked === 0
        ? { state: 'ok', about: 'rotations', says: 'none is blocked' }
        : {
            state: 'fail',
            about: 'rotations',
            says: `${blocked} blocked`,
            next: 'See which, and what the far side answered: cardea rotation list',
          },
      waiting < waitingMax
        ? { state: 'ok', about: 'deliveries', says: `${waiting} waiting` }
        : {
            state: 'warn',
            about: 'deliveries',
            says: `${waiting} events wait for their receiver`,
            next: 'Do CARDEA_EVENTS_URL and the receivers of your subscriptions answer? What was given up: cardea event dead NAME',
          },
    ]
  } catch (error) {
    return [{ state: 'warn', about: 'work', ...wordsOf(error) }]
  }
}
