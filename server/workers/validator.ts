import { randomUUID } from 'node:crypto'
import type { Instant } from '#base/clock.ts'
import { type Answered, askOutside, type Egress, Unanswered } from '#base/egress.ts'
import { json } from '#base/media-types.ts'
import type { Base } from '#core/perform.ts'
import { openDestination } from '#core/resources/event-subscriptions.ts'
import { answerMs } from '#core/resources/handshake.ts'
import { hold, type Lease, settle } from '#core/schedule/schedule.ts'
import { type Destination, type Subscription, secretOf } from '#core/subscriptions/subscription.ts'
import { keepAnswer, leased, validating } from '#core/subscriptions/subscriptions.ts'
import { noticeHeaders } from './parcel.ts'
import { Patience } from './patience.ts'
import { messageHeaders } from './signature.ts'
import type { Work } from './worker.ts'

export type Validator = {
  readonly base: Base
  readonly egress: Egress
  /** By what name we come, and where receivers may answer later. */
  readonly origin: string
  readonly managementUrl: string
}

type Said = Pick<Subscription, 'state' | 'trouble' | 'answerUntil'>
const yes: Said = { state: 'Succeeded', trouble: undefined, answerUntil: undefined }
const no = (trouble: string): Said => ({ state: 'Failed', trouble, answerUntil: undefined })

/** After so long a receiver that didn't answer in time is asked once more, as by Event Grid. */
const againMs = 5_000
const triesMax = 2
const places = 16

/**
 * Asks an address whether it wants events, before any goes there: else a subscription would be a way to have somebody
 * flooded (Event Grid's validation handshakes; CloudEvents web hooks 4). Who doesn't answer at once may do so within ten
 * minutes, by an address of ours that the question names.
 */
export function validator(tools: Validator): Work {
  const patience = new Patience(places / 2)
  return {
    name: 'validator',
    kind: validating,
    concurrency: places,
    leaseMs: 90_000,
    run: (lease) => validate(tools, patience, lease),
  }
}

async function validate(tools: Validator, patience: Patience, lease: Lease): Promise<void> {
  const { database, keyring } = tools.base
  const subscription = await leased(database.read, lease)
  if (subscription === undefined) return
  const destination = await openDestination(database.read, keyring, subscription)
  if (destination === undefined || subscription.state === 'Succeeded' || subscription.state === 'Failed')
    return void (await database.write((turn) => settle(turn, lease, undefined)))
  const said =
    subscription.state === 'AwaitingManualAction'
      ? no('The address answered without the validation code, and nobody opened the validation URL within 10 minutes.')
      : await askedInTurn(subscription, destination, { tools, patience, lease })
  await database.write(async (turn) => {
    await hold(turn, lease)
    if ('againAt' in said) return settle(turn, lease, Math.max(turn.at + 1, said.againAt), said.attempt)
    const kept = await keepAnswer(turn, subscription, said)
    // Changed while it was asked: what it is now is asked anew.
    await settle(turn, lease, kept ? said.answerUntil : turn.at)
  })
}

/** Whoever makes subscriptions to addresses that never answer has their own others wait, and nobody else's. */
async function askedInTurn(
  subscription: Subscription,
  destination: Destination,
  { tools, patience, lease }: { readonly tools: Validator; readonly patience: Patience; readonly lease: Lease },
): Promise<Said | { readonly againAt: Instant; readonly attempt: number }> {
  const { clock } = tools.base
  const admitted = patience.admit(subscription.scope, clock())
  if ('until' in admitted) return { againAt: admitted.until, attempt: lease.attempt }
  const began = performance.now()
  try {
    return await asked(subscription, destination, lease, tools, clock())
  } finally {
    admitted.over(performance.now() - began, clock())
  }
}

async function asked(
  subscription: Subscription,
  destination: Destination,
  lease: Lease,
  tools: Validator,
  at: Instant,
): Promise<Said | { readonly againAt: Instant; readonly attempt: number }> {
  try {
    return subscription.terms.schema === 'EventGridSchema'
      ? saidByGrid(await askGrid(subscription, destination, tools, at), destination, at)
      : saidByCloud(await askCloud(subscription, destination, tools, at), tools, at)
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error
    if (error.why === 'timed-out' && lease.attempt + 1 < triesMax)
      return { againAt: tools.base.clock() + againMs, attempt: lease.attempt + 1 }
    return no(`The validation handshake failed: ${wordsFor[error.why]}`)
  }
}

const wordsFor: Record<Unanswered['why'], string> = {
  refused: 'the address leads into a private network, where events may not go.',
  unresolved: 'the host of the address can’t be found.',
  'timed-out': 'the address did not answer within 30 seconds.',
  broken: 'the address can’t be reached, or its certificate isn’t trusted.',
}

const urlFor = ({ id }: Subscription, { token }: Destination, { managementUrl }: Validator): string =>
  `${managementUrl}/.cardea/event-subscriptions/${id}/validate?token=${token}`

function askGrid(
  subscription: Subscription,
  destination: Destination,
  tools: Validator,
  at: Instant,
): Promise<Answered> {
  const id = randomUUID()
  const body = JSON.stringify([
    {
      id,
      topic: subscription.scope,
      subject: '',
      data: { validationCode: destination.code, validationUrl: urlFor(subscription, destination, tools) },
      eventType: 'Microsoft.EventGrid.SubscriptionValidationEvent',
      eventTime: new Date(at).toISOString().replace('Z', '0000Z'),
      metadataVersion: '1',
      dataVersion: '2',
    },
  ])
  const headers = {
    'content-type': json,
    ...noticeHeaders(subscription.name, 'SubscriptionValidation'),
    ...headersOf(subscription, destination),
    ...messageHeaders(destination.key, id, at, body),
  }
  return askOutside(destination.url, { headers, body }, tools.egress)
}

/** What a receiver may tell its callers apart by is sent with the question, too. */
function headersOf({ terms }: Subscription, { secretHeaders }: Destination): Record<string, string> {
  const given = terms.headers.flatMap((header) =>
    header.type === 'Static'
      ? [[header.name.toLowerCase(), secretOf(secretHeaders, header.name) ?? header.value ?? ''] as const]
      : [],
  )
  return Object.fromEntries(given)
}

function saidByGrid({ status, body }: Answered, { code }: Destination, at: Instant): Said {
  if (status !== 200)
    return no(`The validation handshake failed: the address answered ${status}, where it must answer 200.`)
  const response = responseIn(body)
  if (response === undefined) return { state: 'AwaitingManualAction', trouble: undefined, answerUntil: at + answerMs }
  return response === code ? yes : no('The validation handshake failed: the address answered with another code.')
}

function responseIn(body: string): unknown {
  try {
    const found: unknown = JSON.parse(body)
    if (typeof found !== 'object' || found === null) return undefined
    return Object.entries(found).find(([name]) => name.toLowerCase() === 'validationresponse')?.[1]
  } catch {
    return undefined
  }
}

function askCloud(
  subscription: Subscription,
  destination: Destination,
  tools: Validator,
  at: Instant,
): Promise<Answered> {
  const headers = {
    'webhook-request-origin': tools.origin,
    'webhook-request-rate': '120',
    'webhook-request-callback': urlFor(subscription, destination, tools),
    ...noticeHeaders(subscription.name, 'SubscriptionValidation'),
    ...headersOf(subscription, destination),
    ...messageHeaders(destination.key, randomUUID(), at, ''),
  }
  return askOutside(destination.url, { method: 'OPTIONS', headers, body: '' }, tools.egress)
}

/** The status alone says nothing: many servers answer OPTIONS kindly, whoever asks. */
function saidByCloud({ status, headers }: Answered, { origin }: Validator, at: Instant): Said {
  const allowed = headers['webhook-allowed-origin']
  if (allowed === '*' || String(allowed).toLowerCase() === origin.toLowerCase()) return yes
  if (allowed !== undefined) return no('The validation handshake failed: the address allows another origin.')
  if (status >= 200 && status < 300)
    return { state: 'AwaitingManualAction', trouble: undefined, answerUntil: at + answerMs }
  return no(`The validation handshake failed: the address answered ${status} without WebHook-Allowed-Origin.`)
}
