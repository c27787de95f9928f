import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { RotationView } from '@cardea/contract/cardea/rotations'
import { ask } from './ask.ts'
import type { Moment, Orders, Told } from './programs/crash.ts'
import { developerToken, ended, type ServerProcess, startServer } from './server-process.ts'
import type { Stand } from './targets/target.ts'

const endsMsMax = 120_000
const pollMs = 20

type Running = ServerProcess & { readonly token: string }
type Rotation = NonNullable<RotationView['rotation']>

/** The process of `programs/crash.ts`, which is killed around steps of rotations, and begun again on the same data. */
export class RotatingServer implements AsyncDisposable {
  readonly #data: string
  #running: Running
  #agent = new Agent({ keepAlive: true })
  /** Who hears of each moment, where nothing is to be killed. */
  onMoment: (told: Told) => void = () => {}

  private constructor(data: string, running: Running) {
    this.#data = data
    this.#running = running
    this.#listen()
  }

  static async open(): Promise<RotatingServer> {
    const data = await mkdtemp(join(tmpdir(), 'cardea-crash-'))
    return new RotatingServer(data, await begin(data))
  }

  /** Says what is to be killed from now on, by the name of the secret; of nothing, each moment is told. */
  async arm(kills: Readonly<Record<string, Moment>>): Promise<void> {
    const { child } = this.#running
    const armed = once(child, 'message')
    child.send({ kills } satisfies Orders)
    await armed
  }

  /** Waits for the process to kill itself, and kills it where it doesn't in time. */
  async dies(msMax: number): Promise<void> {
    const { child } = this.#running
    const late = setTimeout(() => child.kill('SIGKILL'), msMax)
    await ended(child)
    clearTimeout(late)
  }

  async restart(): Promise<void> {
    this.#agent.destroy()
    this.#agent = new Agent({ keepAlive: true })
    this.#running = await begin(this.#data)
    this.#listen()
  }

  /** Binds a secret to where it stands, and sees it through its first rotation where that makes the first value. */
  async bind(secret: string, provider: string, stand: Stand): Promise<void> {
    const draws = `${secret}-draws`
    if (stand.draws !== undefined) await this.set(draws, stand.draws)
    if (stand.first !== undefined) await this.set(secret, stand.first)
    const binding = stand.binding(draws)
    await this.#request('PUT', `/.cardea/secrets/${secret}/rotation`, {
      ...{ provider, binding, intervalSeconds: null, graceSeconds: 0 },
    })
    if (stand.first !== undefined) return
    const { state, lastError } = await this.ends(secret)
    if (state !== 'done') throw new Error(`The first rotation of ${secret} is ${state}: ${lastError}`)
  }

  set = (secret: string, value: string) => this.#request('PUT', `/secrets/${secret}?api-version=7.4`, { value })
  rotate = (secret: string) => this.#request('POST', `/.cardea/secrets/${secret}/rotate`)
  current = (secret: string): Promise<{ readonly value: string; readonly id: string }> =>
    this.#request('GET', `/secrets/${secret}?api-version=7.4`)

  async versions(secret: string): Promise<readonly string[]> {
    const ids: string[] = []
    let path = `/secrets/${secret}/versions?api-version=7.4`
    while (path !== '') {
      const page = await this.#request('GET', path)
      ids.push(...page.value.map(({ id }: { id: string }) => id))
      path = page.nextLink === null ? '' : page.nextLink.slice(page.nextLink.indexOf('/secrets'))
    }
    return ids
  }

  /** The rotation of a secret once it has come to an end, of whatever kind. */
  async ends(secret: string): Promise<Rotation> {
    const since = performance.now()
    for (;;) {
      const { rotation }: RotationView = await this.#request('GET', `/.cardea/secrets/${secret}/rotation`)
      if (rotation !== null && ['done', 'aborted', 'blocked'].includes(rotation.state)) return rotation
      if (performance.now() - since > endsMsMax) {
        throw new Error(`The rotation of ${secret} never ended: ${JSON.stringify(rotation)}`)
      }
      await wait(pollMs)
    }
  }

  async #request(method: string, path: string, body?: object) {
    const { port, ca, domain, token } = this.#running
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const text = body === undefined ? {} : { body: JSON.stringify(body) }
    const host = `demo.vault.${domain}`
    const answer = await ask({ port, ca, host, method, path, headers, agent: this.#agent, ...text })
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return answer.body === '' ? undefined : JSON.parse(answer.body)
  }

  #listen(): void {
    this.#running.child.on('message', (told: Partial<Told>) => {
      if (told.secret !== undefined) this.onMoment(told as Told)
    })
  }

  async [Symbol.asyncDispose]() {
    this.#agent.destroy()
    await this.#running[Symbol.asyncDispose]()
    await rm(this.#data, { recursive: true, force: true })
  }
}

async function begin(data: string): Promise<Running> {
  const env = { CARDEA_ROTATION_LOOPBACK: 'yes' }
  await using begun = new AsyncDisposableStack()
  const server = begun.use(await startServer({ data, program: 'programs/crash.ts', logLevel: 'silent', env }))
  const token = await developerToken(server)
  begun.move()
  return { ...server, token }
}
