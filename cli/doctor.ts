import { X509Certificate } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigurationError } from '@cardea/client'
import { credentialFrom } from '@cardea/client/credential'
import { tokensOf } from '@cardea/client/tokens'
import { command, data, json, Refusal } from './command.ts'
import { paintFor, shown } from './print.ts'
import { isRunning } from './running.ts'
import { vaultOn } from './service.ts'
import { shellWord } from './shell.ts'
import { beforeIn, directly, hides } from './shell-environment.ts'
import { besideLogin, originOf, type Way, wayTo } from './way.ts'
import type { World } from './world.ts'

/** One thing that was looked at: how it stands, and what to do where it doesn't stand well. */
type Line = {
  readonly state: 'ok' | 'warn' | 'fail'
  readonly about: string
  readonly says: string
  readonly next?: string
}

export default command({
  name: 'doctor',
  says: 'Looks for what keeps programs from reaching Cardea, or Cardea from its work, and says what to do.',
  takes: {},
  options: { data, json },
  examples: ['cardea doctor', 'cardea doctor --json'],
  async run({ data, json }, world) {
    const lines = await examine(data, world)
    if (json) world.print(JSON.stringify(lines))
    else {
      const paint = paintFor(world.terminal)
      const words = { ok: paint.good('ok  '), warn: paint.warn('warn'), fail: paint.bad('fail') }
      for (const { state, about, says, next } of lines) {
        world.print(`${words[state]}  ${about}: ${shown(says)}`)
        if (next !== undefined) world.print(`      ${next}`)
      }
    }
    return lines.some(({ state }) => state === 'fail') ? 1 : 0
  },
})

async function examine(data: string | undefined, world: World): Promise<Line[]> {
  try {
    await using way = await wayTo(world, data)
    const vault = originOf('--vault', undefined, way.env.AZURE_KEYVAULT_URL)
    const lines = [
      ...(await folderLines(way, world)),
      ...(await databaseLines(way, world)),
      ...(await moduleLines(world)),
      await nameLine(vault, way),
      ...proxyLines(way),
      ...(await serverLines(vault, way, world)),
    ]
    // Who can't be reached can't be asked either.
    if (lines.some(({ state, about }) => state === 'fail' && about === 'server')) return lines
    return [...lines, await tokenLine(vault, way), await rightsLine(vault, way), ...(await workLines(data, world))]
  } catch (error) {
    // Before the first start there is nothing to look at but what it will need.
    return [{ state: 'fail', about: 'environment', ...wordsOf(error) }, ...(await moduleLines(world))]
  }
}

function wordsOf(error: unknown): { says: string; next?: string } {
  const says = error instanceof Error ? error.message : String(error)
  const hint = (error as { hint?: unknown }).hint
  return typeof hint === 'string' ? { says, next: hint } : { says }
}

const mebibyte = 1024 * 1024

/** What only this machine can see: the data folder, its keys, and the room on its disk. */
async function folderLines({ folder }: Way, world: World): Promise<Line[]> {
  if (folder === undefined || !existsSync(folder)) return []
  const place = shellWord(folder)
  const running = await isRunning(folder)
  const free = Math.floor(
    Number(statfsSync(folder, { bigint: true }).bavail * statfsSync(folder, { bigint: true }).bsize) / mebibyte,
  )
  const closed = [folder, join(folder, 'root.key')].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  )
  return [
    running
      ? { state: 'ok', about: 'process', says: `the Cardea of ${folder} is running` }
      : {
          state: 'fail',
          about: 'process',
          says: `the Cardea of ${folder} isn’t running`,
          next: `Start it: cardea start --data ${place}`,
        },
    closed.length === 0
      ? { state: 'ok', about: 'keys', says: 'the data folder and the root key are closed to others' }
      : {
          state: 'fail',
          about: 'keys',
          says: `others may read ${closed.join(' and ')}`,
          next: `Run: chmod go= ${closed.map(shellWord).join(' ')}`,
        },
    free >= 512
      ? { state: 'ok', about: 'disk', says: `${free} MB are free` }
      : {
          state: free >= 64 ? 'warn' : 'fail',
          about: 'disk',
          says: `only ${free} MB are free`,
          next: 'Make room: without it nothing can be read or written, since every reading is kept in the journal.',
        },
    ...authorityLines(join(folder, 'tls', 'ca.pem'), world.now()),
  ]
}

const dayMs = 86_400_000

function authorityLines(file: string, now: number): Line[] {
  if (!existsSync(file)) return []
  const until = new X509Certificate(readFileSync(file)).validToDate
  const days = Math.floor((until.getTime() - now) / dayMs)
  const says =
    days < 0 ? `the authority’s certificate has expired` : `the authority’s certificate is good for ${days} days`
  if (days >= 30) return [{ state: 'ok', about: 'certificate', says }]
  return [
    {
      state: days < 0 ? 'fail' : 'warn',
      about: 'certificate',
      says,
      next: 'Restart the server, then fetch its new certificate: eval "$(cardea env)"',
    },
  ]
}

/** What the database says of itself, where its place is known: that of the folder, or the one that the environment names. */
async function databaseLines({ folder }: Way, world: World): Promise<Line[]> {
  const { examineDatabase } = await import('@cardea/server/offline/examine-database')
  return examineDatabase({ data: folder, env: world.env, now: world.now })
}

/** What a hardware module says of itself that the environment names. */
async function moduleLines({ env }: World): Promise<Line[]> {
  const { examineHsm } = await import('@cardea/server/offline/examine-hsm')
  return examineHsm(env)
}

async function nameLine(vault: string, { env }: Way): Promise<Line> {
  const name = new URL(vault).hostname
  const proxy = env.HTTPS_PROXY ?? env.https_proxy
  if (proxy !== undefined)
    return {
      state: 'ok',
      about: 'names',
      says: `${name} is reached through the proxy ${URL.parse(proxy)?.host ?? 'of HTTPS_PROXY'}`,
    }
  const found = await lookup(name).catch(() => undefined)
  if (found !== undefined) return { state: 'ok', about: 'names', says: `${name} is ${found.address}` }
  return {
    state: 'warn',
    about: 'names',
    says: `${name} is known to no name server, and no proxy is set`,
    next: 'Programs need one of both: eval "$(cardea env)", or an entry in DNS.',
  }
}

const retake = 'Take the variables anew, which sees to it: eval "$(cardea env)"'

/** What some programs of this shell would read otherwise than others; curl and Python take the small letters first. */
function proxyLines({ env }: Way): Line[] {
  const { HTTPS_PROXY: proxy, https_proxy: namesake, CARDEA_DOMAIN: domain = '' } = env
  const hiding = directly(env).filter((entry) => domain !== '' && hides(entry, domain))
  const { HTTPS_PROXY, https_proxy } = beforeIn(env) ?? {}
  const before = HTTPS_PROXY ?? https_proxy
  const lines: (Line | false)[] = [
    proxy !== undefined &&
      namesake !== undefined &&
      namesake !== proxy && {
        state: 'warn',
        about: 'proxy',
        says: 'https_proxy and HTTPS_PROXY lead to different places, and programs don’t agree which one counts',
        next: retake,
      },
    proxy !== undefined &&
      hiding.length > 0 && {
        state: 'warn',
        about: 'proxy',
        says: `NO_PROXY has ${hiding.join(', ')}, so programs look past the proxy for names under ${domain}`,
        next: retake,
      },
    before !== undefined && {
      state: 'warn',
      about: 'proxy',
      says: `this shell went out through ${URL.parse(before)?.host ?? 'another proxy'}; now what isn’t Cardea’s is reached directly`,
      next: 'Where that is not allowed, use other services from another shell, or after: eval "$(cardea env --unset)"',
    },
  ]
  return lines.filter((line) => line !== false)
}

/** Tokens are good from their issuing on; a minute more is granted by nobody. */
const skewMsMax = 60_000

async function serverLines(vault: string, { transport }: Way, world: World): Promise<Line[]> {
  try {
    const answer = await transport.send({ url: new URL('/.cardea/ready', vault) })
    const lines: Line[] = [
      { state: 'ok', about: 'trust', says: 'the server’s certificate is trusted' },
      answer.status === 200
        ? { state: 'ok', about: 'server', says: 'it answers, and can read and write' }
        : {
            state: 'fail',
            about: 'server',
            says: `it answers ${answer.status}: its database can’t be read or written`,
            next: 'Look at the server’s log, at its disk and at CARDEA_DATABASE.',
          },
    ]
    const skew = Date.parse(String(answer.headers.date ?? '')) - world.now()
    if (Number.isNaN(skew)) return lines
    const seconds = Math.round(Math.abs(skew) / 1000)
    return [
      ...lines,
      Math.abs(skew) <= skewMsMax
        ? { state: 'ok', about: 'clock', says: `this machine and the server agree within ${seconds + 1} s` }
        : {
            state: 'fail',
            about: 'clock',
            says: `this machine’s clock is ${seconds} s ${skew > 0 ? 'behind' : 'ahead of'} the server’s`,
            next: 'Set the clocks by NTP: tokens are valid by time.',
          },
    ]
  } catch (error) {
    const untrusted = error instanceof ConfigurationError && error.code === 'untrusted'
    const next = untrusted
      ? 'Trust its authority: eval "$(cardea env)" sets NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and REQUESTS_CA_BUNDLE.'
      : 'Is it running, and are its port and proxy the ones that the environment names? See: cardea env'
    if (untrusted)
      return [
        { state: 'fail', about: 'trust', ...wordsOf(error), next },
        { state: 'fail', about: 'server', says: 'it wasn’t asked' },
      ]
    return [{ state: 'fail', about: 'server', ...wordsOf(error), next }]
  }
}

async function tokenLine(vault: string, { env, transport }: Way): Promise<Line> {
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

async function rightsLine(vault: string, way: Way): Promise<Line> {
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

/** What the server says of its own work, to one who may ask. */
async function workLines(data: string | undefined, world: World): Promise<Line[]> {
  const lines: Line[] = []
  try {
    await using way = await wayTo(world, data)
    const origin = besideLogin(way.env, 'management')
    const { token } = await tokensOf(credentialFrom(way.env, way.transport)).get(`${origin}/.default`)
    const answer = await way.transport.send({
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
    lines.push(
      blocked === 0
        ? { state: 'ok', about: 'rotations', says: 'none is blocked' }
        : {
            state: 'fail',
            about: 'rotations',
            says: `${blocked} blocked`,
            next: 'See which: cardea rotation show NAME says what the far side answered.',
          },
      waiting < 100
        ? { state: 'ok', about: 'deliveries', says: `${waiting} waiting` }
        : {
            state: 'warn',
            about: 'deliveries',
            says: `${waiting} events wait for their receiver`,
            next: 'Do CARDEA_EVENTS_URL and the receivers of your subscriptions answer? What was given up: cardea event dead NAME',
          },
    )
  } catch (error) {
    lines.push({ state: 'warn', about: 'work', ...wordsOf(error) })
  }
  return lines
}
