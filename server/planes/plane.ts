import type { Action } from '@cardea/contract/actions'
import type { Effect, Operation } from '@cardea/contract/operation'
import { ShapeError } from '@cardea/contract/shape'
import { Fault, faultOf } from '#base/fault.ts'
import { oneLine } from '#base/one-line.ts'
import type { Sql } from '#base/sql.ts'
import type { Circumstances } from '#core/audit/entry.ts'
import { type Caller, stranger } from '#core/identity/caller.ts'
import { attest, type Base, type Intent, observe, perform, type Scope, type Sight } from '#core/perform.ts'
import type { Keyring } from '#core/sealing/keyring.ts'

/** One request, as every plane sees it. */
export type Call = {
  readonly method: string
  /** Path and query exactly as they were sent: signatures are made over this. */
  readonly target: string
  /** The `Host` header as it was sent. */
  readonly host: string
  /** The vault's or store's name, from the host. */
  readonly name: string
  readonly params: Readonly<Record<string, string | undefined>>
  readonly query: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer | undefined
  readonly circumstances: Circumstances
  readonly requestId: string
  /** When it arrived, by the process's own running time in milliseconds: for how long its answer took. */
  readonly began: number
}

/** One answer. A body is text, bytes, or something that goes on. */
export type Answer = {
  readonly status: number
  readonly headers: Record<string, string>
  readonly body?: string | Buffer | NodeJS.ReadableStream
}

/** An answer that a handler makes whole, where the protocol needs more than a JSON body. */
export class Reply {
  readonly answer: Answer
  constructor(status: number, headers: Record<string, string>, body?: Answer['body']) {
    this.answer = body === undefined ? { status, headers } : { status, headers, body }
  }
}

/** Who calls, and about which vault or store. */
export type Known<Subject> = { readonly caller: Caller; readonly subject: Subject | undefined }

/** A wire protocol: how it knows its callers, which versions it answers, and how it says things. */
export interface PlaneWords<Subject> {
  /** The caller and the subject; throws `unauthenticated`. Called before the body is read. */
  identify(call: Call): Promise<Known<Subject>>
  /** A second look, once the body is there: signatures may cover it. Throws `unauthenticated`. */
  prove?(call: Call, known: Known<Subject>): Promise<void>
  /** Counts a request of one who is known, before its body is read; throws `throttled`. Without it nothing is counted. */
  readonly spend?: (known: Known<Subject>, operation: Operation) => Promise<void> | undefined
  /** The resource id by which the journal knows the subject's plane when nothing more is known. */
  readonly resource: (subject: Subject) => string
  readonly versions: { has(version: string): boolean } | undefined
  readonly unknownVersion: (version: string | undefined) => Fault
  /** The answer to a result. */
  say(call: Call, subject: Subject, status: number, result: unknown, permit: { readonly assignment: string }): Answer
  /** The answer to a fault. */
  refuse(call: Call, fault: Fault, known: Known<Subject> | undefined): Answer
}

/** What was prepared, or why it couldn't be; nothing, where a handler prepares nothing. */
type Prepared<R> = [R] extends [undefined] ? undefined : Promise<R>

type Given<P, Q, B, Subject, R = undefined> = {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly subject: Subject
  readonly caller: Caller
  readonly call: Call
  readonly prepared: Prepared<R>
}

type Preparing<P, B, Subject> = {
  readonly params: P
  readonly body: B
  readonly subject: Subject
  /** What is committed. */
  readonly sql: Sql
  readonly keyring: Keyring
}

type Handler<A extends Action, P, Q, B, E extends Effect, Subject, R = undefined> = {
  /** The id of what it is about; from the raw parameters, since permission comes before the form is looked at. */
  resource(params: Call['params'], subject: Subject, query: Call['query']): string
  run(scope: E extends 'read' ? Sight<A> : Scope<A>, given: Given<P, Q, B, Subject, R>): Promise<unknown>
  /**
   * What takes long, as a slow hash or a new key: done before the act, so that the writer doesn't wait for it, and only for those
   * who may act at all. What it reads of what is kept may have changed by then: the act looks again.
   */
  prepare?(given: Preparing<P, B, Subject>): Promise<R>
}

export type Route<Subject> = {
  readonly operation: Operation
  answer(base: Base, words: PlaneWords<Subject>, call: Call, known: Known<Subject>): Promise<Answer>
}

/** Joins a line of the treaty to a door. A door that needs another permission than the line declares doesn't compile. */
export function route<A extends Action, P, Q, B, E extends Effect, Subject, R = undefined>(
  operation: Operation<A, P, Q, B, E>,
  handler: Handler<A, P, Q, B, E, Subject, R>,
): Route<Subject> {
  const { action, id, reach = 'resource', effect, status } = operation
  return {
    operation,
    async answer(base, words, call, known) {
      const { caller, subject } = known
      if (subject === undefined) {
        const fault = new Fault('not-found', `There is no ${call.name} here.`, { about: call.name, kind: 'host' })
        return refused(base, words, id, call, known, fault)
      }
      const intent = {
        caller,
        action,
        resource: oneLine(handler.resource(call.params, subject, call.query)),
        reach,
        operation: id,
        circumstances: call.circumstances,
      }
      const { prepare } = handler
      const ready =
        prepare &&
        (({ params, body }: { readonly params: P; readonly body: B }) =>
          prepare({ params, body, subject, sql: base.database.read, keyring: base.keyring }))
      const ahead = ready && (await preparing(base, intent, () => ready(read(operation, words, call))))
      let permit = { assignment: '' }
      const act = (scope: Scope<A> | Sight<A>) => {
        permit = scope.permit
        const parts = read(operation, words, call)
        // Whoever was permitted only since then has it prepared now.
        const prepared = (ahead?.begun ?? ready?.(parts)) as Prepared<R>
        return handler.run(scope as never, { ...parts, subject, caller, call, prepared })
      }
      const result = effect === 'read' ? await observe(base, intent, act) : await perform(base, intent, act)
      return words.say(call, subject, status, result, permit)
    },
  }
}

/** Prepares an act for who may do it, and waits until that is done, well or not: the act itself says why, and is kept as saying so. */
async function preparing<A extends Action, R>(
  { access, database }: Base,
  intent: Intent<A>,
  prepare: () => Promise<R>,
): Promise<{ readonly begun: Promise<R> | undefined }> {
  try {
    await access.permitAt(database, database.epoch, intent)
  } catch {
    return { begun: undefined }
  }
  const begun = (async () => prepare())()
  await begun.catch(() => undefined)
  return { begun }
}

/** The parts of a request in the treaty's shapes. Throws `invalid` with the name of the part that isn't. */
function read<P, Q, B, S>(operation: Operation<Action, P, Q, B>, words: PlaneWords<S>, call: Call) {
  if (words.versions !== undefined && operation.since !== 'always') {
    const version = call.query['api-version']
    if (typeof version !== 'string' || !words.versions.has(version.toLowerCase())) {
      throw words.unknownVersion(typeof version === 'string' ? version : undefined)
    }
  }
  try {
    return {
      params: operation.params.read(call.params, ''),
      query: operation.query.read(call.query, ''),
      body: operation.body.read(bodyOf(call), ''),
    }
  } catch (error) {
    if (error instanceof ShapeError) throw new Fault('invalid', `${error.message}.`, { where: error.where })
    throw error
  }
}

/** Deeper JSON than this is nobody's secret; it is somebody's attack on the stack. */
const depthMax = 32

function bodyOf({ body, method }: Call): unknown {
  if (body === undefined || body.length === 0 || method === 'GET' || method === 'DELETE') return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch {
    throw new Fault('invalid', 'The body is not UTF-8.', { where: '' })
  }
  refuseDeep(text)
  try {
    // Looking at each member costs more than all the rest of the parsing; so only where there may be such a one.
    if (!text.includes('__proto__') && !text.includes('\\u')) return JSON.parse(text)
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value))
  } catch {
    throw new Fault('invalid', 'The body is not JSON.', { where: '' })
  }
}

function refuseDeep(text: string): void {
  let depth = 0
  let quoted = false
  for (let index = 0; index < text.length; index += 1) {
    const letter = text.charCodeAt(index)
    if (quoted) {
      if (letter === 0x5c) index += 1
      else if (letter === 0x22) quoted = false
    } else if (letter === 0x22) quoted = true
    else if (letter === 0x7b || letter === 0x5b) {
      depth += 1
      if (depth > depthMax)
        throw new Fault('invalid', `The body is nested deeper than ${depthMax} levels.`, { where: '' })
    } else if (letter === 0x7d || letter === 0x5d) depth -= 1
  }
}

/** What happened to a call that never reached a handler, in the journal and in the protocol's words. */
export async function refused<Subject>(
  base: Base,
  words: PlaneWords<Subject>,
  operation: string,
  call: Call,
  known: Known<Subject> | undefined,
  error: unknown,
): Promise<Answer> {
  const fault = faultOf(error)
  const resource =
    known?.subject === undefined
      ? `${call.host}${call.target.split('?', 1)[0]}`.slice(0, 1024)
      : words.resource(known.subject)
  const deed = { operation, resource, caller: known?.caller ?? stranger, circumstances: call.circumstances }
  try {
    await attest(base, deed, fault.code)
  } catch (unable) {
    return words.refuse(call, faultOf(unable), known)
  }
  return words.refuse(call, fault, known)
}
