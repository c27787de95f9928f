import { randomBytes, randomInt } from 'node:crypto'
import { Agent } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import type { DeletedSecretBundle, SecretBundle } from '@cardea/contract/vault/secrets'
import { type Answered, ask } from './ask.ts'

/**
 * Programs that use a vault while it is being killed, and remember what they were promised. Each name has one writer, so
 * that its history is a line; where a request went unanswered, or failed, both outcomes are allowed, and nothing else is.
 */
export type Place = { readonly port: number; readonly ca: string; readonly host: string; readonly token: string }

type Kind = 'set' | 'update' | 'delete' | 'recover'
export type Told = {
  /** Answered requests, by the id that the client gave them. */
  readonly reads: Set<string>
  readonly writes: Map<string, Kind>
  unanswered: number
  /** Requests that the server answered by saying that it can't (5xx): what they asked may have happened or not. */
  failed: number
  /** What should not have been, in words. */
  readonly wrong: string[]
}

type Version = { readonly value: string; contentType: string | undefined }
type Doubt = { readonly kind: Kind; readonly value?: string; readonly contentType?: string }
/** What a writer knows of a name. */
export type Name = {
  readonly name: string
  readonly versions: Map<string, Version>
  /** Every value that anybody ever tried to set, answered or not. */
  readonly attempted: Set<string>
  latest: string | undefined
  deleted: boolean
  doubt: Doubt | undefined
}

export const newName = (name: string): Name => ({
  ...{ name, versions: new Map(), attempted: new Set(), latest: undefined, deleted: false, doubt: undefined },
})

/** An answer that doesn't come after so many attempts won't come. */
const attemptsMax = 50
const pause = () => wait(100)

const apiVersion = 'api-version=2025-07-01'
const versionIn = (id: string): string => id.slice(id.lastIndexOf('/') + 1)

export class Clients {
  readonly told: Told = { reads: new Set(), writes: new Map(), unanswered: 0, failed: 0, wrong: [] }
  readonly names: readonly Name[]
  readonly #mayFail: boolean
  #place: Place
  #agent = new Agent({ keepAlive: true })
  #sent = 0

  /** `mayFail`: whether what the server rests on dies, and not the server, so that it lives to say 5xx. */
  constructor(place: Place, names: readonly Name[], { mayFail }: { readonly mayFail: boolean }) {
    this.#place = place
    this.names = names
    this.#mayFail = mayFail
  }

  /** The same clients at a server that was started anew. */
  moveTo(place: Place): void {
    this.#agent.destroy()
    this.#agent = new Agent({ keepAlive: true })
    this.#place = place
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Writers, each with its own names, and readers, until told to stop. */
  async use(writers: number, readers: number, stop: AbortSignal): Promise<void> {
    const share = Math.ceil(this.names.length / writers)
    const writing = Array.from({ length: writers }, async (_, index) => {
      const own = this.names.slice(index * share, (index + 1) * share)
      while (!stop.aborted) await this.#write(own[randomInt(own.length)] as Name)
    })
    const reading = Array.from({ length: readers }, async () => {
      while (!stop.aborted) await this.#readAny(this.names[randomInt(this.names.length)] as Name)
    })
    await Promise.all([...writing, ...reading])
  }

  /** What is in doubt is looked up, and must be as it was before the unanswered request or as after it. Then all goes on. */
  async settle(): Promise<void> {
    for (const name of this.names) await this.#settle(name)
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const name = this.names[randomInt(this.names.length)] as Name
      await (name.deleted ? this.#change(name, { kind: 'recover' }) : this.#change(name, this.#newValue(name)))
      if (name.doubt === undefined) return
      await pause()
      await this.#settle(name)
    }
    throw new Error('Nothing can be written any more')
  }

  /** Every version that was promised, read by its id. */
  async readAll(atOnce: number): Promise<number> {
    for (const name of this.names) {
      while (name.deleted) await this.#change(name, { kind: 'recover' })
    }
    const left = this.names.flatMap((name) =>
      [...name.versions].map(([version, wanted]) => ({ name, version, wanted })),
    )
    const total = left.length
    const reader = async () => {
      for (let next = left.pop(); next !== undefined; next = left.pop()) {
        const { name, version, wanted } = next
        const found = await this.#read(`/secrets/${name.name}/${version}`)
        const bundle = found.status === 200 ? (JSON.parse(found.body) as SecretBundle) : undefined
        if (bundle?.value !== wanted.value)
          this.#wrong(`${name.name}/${version} was promised and is lost (${found.status})`)
        if (bundle !== undefined && bundle.contentType !== wanted.contentType)
          this.#wrong(
            `${name.name}/${version} has the attributes ${bundle.contentType}, promised were ${wanted.contentType}`,
          )
      }
    }
    await Promise.all(Array.from({ length: atOnce }, reader))
    return total
  }

  async #write(name: Name): Promise<void> {
    // In doubt until the next start: nobody builds on what may not be there.
    if (name.doubt !== undefined) return this.#readAny(name)
    if (name.latest === undefined) return this.#change(name, this.#newValue(name))
    if (name.deleted) return this.#change(name, { kind: 'recover' })
    const dice = randomInt(100)
    if (dice < 55) return this.#change(name, this.#newValue(name))
    if (dice < 75) return this.#change(name, { kind: 'update', contentType: `text/${randomBytes(6).toString('hex')}` })
    if (dice < 85) return this.#change(name, { kind: 'delete' })
    return this.#readAny(name)
  }

  /** Mostly small; now and then so large that it spans pages, which is where halves would show. */
  #newValue(name: Name): Doubt {
    const length = randomInt(50) === 0 ? 20_000 : randomInt(20, 400)
    const value = `${name.name} ${randomBytes(length / 2).toString('hex')}`
    name.attempted.add(value)
    return { kind: 'set', value, contentType: `text/${value.length}` }
  }

  async #change(name: Name, change: Doubt): Promise<void> {
    name.doubt = change
    const { kind, value, contentType } = change
    const path = kind === 'recover' ? `/deletedsecrets/${name.name}/recover` : `/secrets/${name.name}`
    const method = { set: 'PUT', update: 'PATCH', delete: 'DELETE', recover: 'POST' }[kind]
    const sent = await this.#send(
      method,
      path,
      kind === 'set' || kind === 'update' ? { value, contentType } : undefined,
    )
    if (sent.answer === undefined) return
    const { status, body } = sent.answer
    if (status !== 200) {
      name.doubt = undefined
      return this.#wrong(`${kind} of ${name.name} was refused: ${status} ${body.slice(0, 200)}`)
    }
    this.told.writes.set(sent.id, kind)
    this.#apply(name, change, versionIn((JSON.parse(body) as SecretBundle).id))
  }

  #apply(name: Name, { kind, value, contentType }: Doubt, version: string): void {
    name.doubt = undefined
    if (kind === 'set') {
      name.latest = version
      name.versions.set(version, { value: value as string, contentType })
    } else if (name.latest !== version)
      this.#wrong(`${kind} of ${name.name} touched ${version} instead of ${name.latest}`)
    if (kind === 'update') (name.versions.get(version) as Version).contentType = contentType
    if (kind === 'delete') name.deleted = true
    if (kind === 'recover') name.deleted = false
  }

  /** A value that is read is one that somebody set, whole, for this name. */
  async #readAny(name: Name): Promise<void> {
    const sent = await this.#send('GET', `/secrets/${name.name}`)
    const answer = this.#answeredRead(sent)
    if (answer?.status !== 200) return
    const { value = '' } = JSON.parse(answer.body) as SecretBundle
    if (!name.attempted.has(value)) this.#wrong(`${name.name} was read as a value that nobody wrote`)
  }

  async #settle(name: Name): Promise<void> {
    const { doubt } = name
    const live = await this.#read(`/secrets/${name.name}`)
    const gone = live.status === 404 ? await this.#read(`/deletedsecrets/${name.name}`) : undefined
    const found =
      (live.status === 200 ? live : gone)?.status === 200 ? (JSON.parse((gone ?? live).body) as Found) : undefined
    const version = found && versionIn(found.id)
    const is = { version, deleted: found !== undefined && gone !== undefined }
    const same = is.version === name.latest && is.deleted === name.deleted
    const kept = version === undefined ? undefined : name.versions.get(version)
    const intact =
      found === undefined || (found.contentType === kept?.contentType && (is.deleted || found.value === kept?.value))
    if (same && intact) {
      name.doubt = undefined
      return
    }
    if (doubt !== undefined && version !== undefined && this.#happened(name, doubt, found as Found, is.deleted)) {
      return this.#apply(name, doubt, version)
    }
    const words = doubt === undefined ? 'nothing in doubt' : `${doubt.kind} in doubt`
    this.#wrong(
      `${name.name} is ${version}${is.deleted ? ', deleted' : ''}; promised was ${name.latest}${name.deleted ? ', deleted' : ''}, ${words}`,
    )
    name.doubt = undefined
    name.latest = version
    name.deleted = is.deleted
  }

  /** Whether what is there now is exactly what the unanswered change would have made. */
  #happened(name: Name, { kind, value, contentType }: Doubt, found: Found, deleted: boolean): boolean {
    const version = versionIn(found.id)
    if (kind === 'set')
      return !deleted && !name.versions.has(version) && found.value === value && found.contentType === contentType
    if (version !== name.latest) return false
    if (kind === 'update') return !deleted && found.contentType === contentType
    return deleted === (kind === 'delete')
  }

  /** A read that is repeated until it is answered. */
  async #read(path: string): Promise<Answered> {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const answer = this.#answeredRead(await this.#send('GET', path))
      if (answer !== undefined) return answer
      await pause()
    }
    throw new Error(`${path} isn't answered any more`)
  }

  #answeredRead({ id, answer }: Sent): Answered | undefined {
    if (answer === undefined) return undefined
    if (answer.status !== 200 && answer.status !== 404)
      this.#wrong(`a read was refused: ${answer.status} ${answer.body.slice(0, 200)}`)
    this.told.reads.add(id)
    return answer
  }

  async #send(method: string, path: string, body?: object): Promise<Sent> {
    this.#sent += 1
    const id = `d-${this.#sent}`
    const { token, ...place } = this.#place
    const headers = {
      authorization: `Bearer ${token}`,
      'x-ms-client-request-id': id,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const asked = { ...place, agent: this.#agent, method, path: `${path}?${apiVersion}`, headers }
    const answer = await ask(body === undefined ? asked : { ...asked, body: JSON.stringify(body) }).catch(
      () => undefined,
    )
    if (answer === undefined) this.told.unanswered += 1
    else if (answer.status < 500) return { id, answer }
    else this.#failed(`${method} ${path} failed: ${answer.status} ${answer.body.slice(0, 200)}`)
    return { id, answer: undefined }
  }

  #failed(words: string): void {
    this.told.failed += 1
    if (!this.#mayFail) this.#wrong(words)
  }

  #wrong(words: string): void {
    this.told.wrong.push(words)
  }
}

/** Without an answer where none came, or one that leaves open what happened. */
type Sent = { readonly id: string; readonly answer: Answered | undefined }
type Found = SecretBundle & Partial<DeletedSecretBundle>
