import { isIP } from 'node:net'
import { resolve } from 'node:path'
import type { HsmSettings } from '#base/keys/hsm/open-hsm.ts'
import { tokenLife } from '#core/identity/token-life.ts'
import { type RotationSettings, rotationFrom, rotationWords } from './rotation-settings.ts'
import { type Env, SettingsReader } from './settings-reader.ts'

/** Every setting, read once. What is wrong is reported all together, before anything opens. */
export type Settings = {
  /** Where the root key, the certificates, and (unless `database` says otherwise) the database lie. */
  readonly data: string
  /** A PostgreSQL URL; undefined: SQLite in the data folder. */
  readonly database: string | undefined
  readonly listen: { readonly host: string; readonly port: number }
  /** The port of the CONNECT proxy and the managed-identity endpoints on loopback; undefined: none. */
  readonly proxyPort: number | undefined
  /** Whether the proxy also carries names that aren't ours, so that a shell which uses it keeps working. */
  readonly proxyPassOn: boolean
  readonly domain: string
  /** The port under which the outside reaches us: it stands in the URLs that we write. */
  readonly publicPort: number
  readonly rootKeyFile: string
  /** A certificate from elsewhere; undefined: our own authority makes one. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
  /** How events leave the house, and where all of them are posted as CloudEvents; undefined: nowhere. */
  readonly events: {
    readonly own: { readonly url: string; readonly key: string | undefined } | undefined
    readonly allowPrivate: boolean
    readonly ca: string | undefined
  }
  /** How many transactions each vault lets through in ten seconds; undefined: as many as come. */
  readonly quota:
    | {
        readonly transactions: number
        readonly secretsSet: number | undefined
        readonly keys: { readonly creations: number; readonly transactions: number } | undefined
        /** Requests of each store, and in what time. */
        readonly stores: { readonly requests: number; readonly windowMs: number }
      }
    | undefined
  /** What those may do who prove nothing, for each network: undefined, as much as they like. */
  readonly anonymous: { readonly requestsPerSecond: number | undefined; readonly entriesPerMinute: number | undefined }
  /** How many connections each network may have open; undefined: as many as it likes. */
  readonly connectionsEach: number | undefined
  /** How long deletions, recoveries and purges take to be seen, in milliseconds; none by default. */
  readonly delays: { readonly deleteMs: number; readonly recoverMs: number; readonly purgeMs: number }
  /** The port on loopback where metrics are read without a token; undefined: none. */
  readonly metricsPort: number | undefined
  /** Where metrics are posted; undefined: nowhere. */
  readonly collector: URL | undefined
  /** How long access tokens live. */
  readonly tokenLifeSeconds: number
  /** Issuers whose tokens may prove applications here, and files with the keys of those that can't be asked. */
  readonly issuers: readonly { readonly issuer: string; readonly jwksFile: string | undefined }[]
  /** Client ids of the user-assigned identities that programs on this machine may be, and resource ids of the workloads here. */
  readonly machineIdentities: readonly string[]
  /** How alerts leave the house. */
  readonly alerts: {
    readonly smtp: { readonly url: string; readonly from: string } | undefined
    readonly key: string | undefined
    readonly allowPrivate: boolean
  }
  /** The hardware module that keeps HSM keys; undefined: none. */
  readonly hsm: HsmSettings | undefined
  readonly rotation: RotationSettings
  readonly logLevel: string
}

/** One line for each setting: the guide and `cardea start --help` are made from it. */
export const settingWords = {
  CARDEA_DATA: 'folder for keys, certificates and the embedded database (default ./.cardea)',
  CARDEA_DATABASE: 'postgres://… for a cluster; without it SQLite in the data folder',
  CARDEA_HOST: 'address to listen on (default 127.0.0.1)',
  CARDEA_PORT: 'TLS port (default 8443; 0 takes a free one)',
  CARDEA_PROXY_PORT: 'port of the CONNECT proxy on loopback (default 8480; 0 takes a free one; off: none)',
  CARDEA_PROXY_PASS_ON: 'yes: the proxy also carries other names (default yes)',
  CARDEA_DOMAIN: 'the domain under which all hosts lie (default cardea.internal)',
  CARDEA_PUBLIC_PORT: 'the port in the URLs that are written (default 443)',
  CARDEA_ROOT_KEY_FILE: 'the root key, 32 bytes in base64, mode 0600 (default root.key in the data folder)',
  CARDEA_TLS_CERT_FILE: 'certificate chain (PEM), instead of our own authority',
  CARDEA_TLS_KEY_FILE: 'its private key (PEM)',
  CARDEA_EVENTS_URL: 'https://… that receives every event as a CloudEvent',
  CARDEA_EVENTS_KEY: 'the key that signs them; or CARDEA_EVENTS_KEY_FILE',
  CARDEA_EVENTS_PRIVATE: 'yes: event subscriptions may lead into private networks (default no)',
  CARDEA_EVENTS_CA: 'certificates (PEM) to trust in receivers of events besides the usual; or CARDEA_EVENTS_CA_FILE',
  CARDEA_QUOTA:
    'requests per vault and store: azure (4000 in 10 s, stores 30000 an hour), azure-2000, or a number in 10 s (default off)',
  CARDEA_ANONYMOUS_REQUESTS: 'requests without a valid credential in a second, per address (default 200; off)',
  CARDEA_ANONYMOUS_ENTRIES:
    'refusals of strangers in a minute that are journalled one by one, per address; more are summed (default 60; off)',
  CARDEA_ADDRESS_CONNECTIONS: 'connections to the TLS port that are open at once, per address (default 2000; off)',
  CARDEA_DELAYS: 'azure, or a time such as 5s: how long deleting, recovering and purging take to be seen (default off)',
  CARDEA_METRICS_PORT: 'port on loopback where metrics are read without a token (default off; 0 takes a free one)',
  CARDEA_OTLP_URL: 'https://…/v1/metrics of an OpenTelemetry collector that metrics are posted to',
  CARDEA_TOKEN_MINUTES: `how long access tokens live, ${tokenLife.minutesMin} to ${tokenLife.minutesMax} minutes (default ${tokenLife.minutesUsual})`,
  CARDEA_ISSUERS: 'issuers of federated tokens: https://… or https://…;jwks=FILE, with spaces between',
  CARDEA_MACHINE_IDENTITIES:
    'client ids of user-assigned identities that programs on this machine may be, and resource ids of the workloads that run on it',
  CARDEA_SMTP_URL:
    'smtps://user:password@host of a server that takes mails: alerts, and what comes to certificates; or CARDEA_SMTP_URL_FILE',
  CARDEA_MAIL_FROM: 'the address that alert mails come from',
  CARDEA_ALERTS_KEY: 'the key that signs alerts to web hooks; or CARDEA_ALERTS_KEY_FILE',
  CARDEA_ALERTS_PRIVATE: 'yes: web hooks may lead into private networks (default no)',
  CARDEA_HSM_MODULE:
    'the PKCS#11 module (.so) of a hardware security module, for keys of the types …-HSM (default none)',
  CARDEA_HSM_TOKEN: 'the label of the token in it that Cardea works in',
  CARDEA_HSM_PIN_FILE: 'a file with the user PIN of that token, mode 0600',
  ...rotationWords,
  CARDEA_LOG_LEVEL: 'trace, debug, info, warn, error or silent (default info; warn with cardea start)',
} as const

/** Settings that nothing can start with: all that is wrong with them, a line for each. */
export class SettingsError extends Error {
  constructor(wrong: readonly string[]) {
    super(`Cardea can't start:\n${wrong.map((line) => `  - ${line}`).join('\n')}`)
    this.name = 'SettingsError'
  }
}

/** All settings out of the environment. Throws a `SettingsError` that names everything that is wrong with them. */
export function settingsFrom(env: Env): Settings {
  const read = new SettingsReader(env)
  const { wrong } = read
  const data = resolve(env.CARDEA_DATA ?? '.cardea')
  const settings: Settings = {
    data,
    database: databaseFrom(read),
    listen: { host: hostFrom(read), port: read.port('CARDEA_PORT', 8443) },
    proxyPort: read.portOrOff('CARDEA_PROXY_PORT', 8480),
    proxyPassOn: read.isYes('CARDEA_PROXY_PASS_ON', 'yes'),
    domain: domainFrom(read),
    publicPort: read.port('CARDEA_PUBLIC_PORT', 443),
    rootKeyFile: resolve(env.CARDEA_ROOT_KEY_FILE ?? `${data}/root.key`),
    tls: tlsFrom(read),
    quota: quotaFrom(env.CARDEA_QUOTA ?? 'off', wrong),
    anonymous: {
      requestsPerSecond: read.most('CARDEA_ANONYMOUS_REQUESTS', 200),
      entriesPerMinute: read.most('CARDEA_ANONYMOUS_ENTRIES', 60),
    },
    connectionsEach: read.most('CARDEA_ADDRESS_CONNECTIONS', 2000),
    delays: delaysFrom(env.CARDEA_DELAYS ?? 'off', wrong),
    events: eventsFrom(read),
    metricsPort: read.portOrOff('CARDEA_METRICS_PORT', 'off'),
    collector: read.outside('CARDEA_OTLP_URL'),
    alerts: {
      smtp: smtpFrom(read),
      key: read.secret('CARDEA_ALERTS_KEY'),
      allowPrivate: read.isYes('CARDEA_ALERTS_PRIVATE', 'no'),
    },
    tokenLifeSeconds: tokenLifeFrom(env.CARDEA_TOKEN_MINUTES ?? String(tokenLife.minutesUsual), wrong),
    issuers: issuersFrom(env.CARDEA_ISSUERS, wrong),
    machineIdentities: machineIdentitiesFrom(env.CARDEA_MACHINE_IDENTITIES, wrong),
    hsm: hsmFrom(env, wrong),
    rotation: rotationFrom(read),
    logLevel: read.choice('CARDEA_LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'info'),
  }
  if (wrong.length > 0) throw new SettingsError(wrong)
  return settings
}

function databaseFrom(read: SettingsReader): string | undefined {
  const database = read.secret('CARDEA_DATABASE')
  if (database !== undefined && !/^postgres(ql)?:\/\//.test(database))
    read.wrong.push('CARDEA_DATABASE must be a postgres:// URL')
  return database
}

function hostFrom({ env, wrong }: SettingsReader): string {
  const host = env.CARDEA_HOST ?? '127.0.0.1'
  if (isIP(host) === 0 && host !== 'localhost') wrong.push(`CARDEA_HOST must be an IP address, not "${host}"`)
  return host
}

function domainFrom({ env, wrong }: SettingsReader): string {
  const domain = (env.CARDEA_DOMAIN ?? 'cardea.internal').toLowerCase()
  if (!/^(?=.{3,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/.test(domain))
    wrong.push(`CARDEA_DOMAIN must be a domain of at least two labels, not "${domain}"`)
  // Clients take such a label for Azure's own and go looking for replicas by DNS.
  if (/(^|\.)(azconfig|appconfig)(\.|$)/.test(domain))
    wrong.push('CARDEA_DOMAIN must not hold the label azconfig or appconfig')
  return domain
}

function tlsFrom({ env, wrong }: SettingsReader): Settings['tls'] {
  const { CARDEA_TLS_CERT_FILE: certFile, CARDEA_TLS_KEY_FILE: keyFile } = env
  if ((certFile === undefined) !== (keyFile === undefined))
    wrong.push('CARDEA_TLS_CERT_FILE and CARDEA_TLS_KEY_FILE go together')
  return certFile !== undefined && keyFile !== undefined ? { certFile, keyFile } : undefined
}

function eventsFrom(read: SettingsReader): Settings['events'] {
  const key = read.secret('CARDEA_EVENTS_KEY')
  const receiver = read.outside('CARDEA_EVENTS_URL', '; CARDEA_EVENTS_KEY signs what is sent')
  return {
    own: receiver && { url: receiver.href, key },
    allowPrivate: read.isYes('CARDEA_EVENTS_PRIVATE', 'no'),
    ca: read.secret('CARDEA_EVENTS_CA'),
  }
}

function smtpFrom(read: SettingsReader): Settings['alerts']['smtp'] {
  const { env, wrong } = read
  const url = read.secret('CARDEA_SMTP_URL')
  const from = env.CARDEA_MAIL_FROM
  if (from !== undefined && !/^[\w.+-]{1,64}@[A-Za-z0-9.-]{1,190}$/.test(from))
    wrong.push('CARDEA_MAIL_FROM must be a mail address')
  if (url === undefined) return undefined
  // What it is isn't repeated: a password stands in it.
  if (!['smtp:', 'smtps:'].includes(URL.parse(url)?.protocol ?? ''))
    wrong.push('CARDEA_SMTP_URL must be an smtp:// or smtps:// URL')
  else if (from === undefined) wrong.push('CARDEA_SMTP_URL and CARDEA_MAIL_FROM go together')
  else return { url, from }
  return undefined
}

/** What Azure grants a store of the standard tier (App Configuration limits). */
const hourly = { requests: 30_000, windowMs: 3_600_000 }
/** Azure's own numbers (Key Vault service limits), and those that it had before. */
const quotas: Readonly<Record<string, Settings['quota']>> = {
  off: undefined,
  azure: { transactions: 4000, secretsSet: 300, keys: { creations: 20, transactions: 4000 }, stores: hourly },
  'azure-2000': { transactions: 2000, secretsSet: undefined, keys: undefined, stores: hourly },
}
const quotaMax = 100_000

function quotaFrom(text: string, wrong: string[]): Settings['quota'] {
  if (Object.hasOwn(quotas, text)) return quotas[text]
  const transactions = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (transactions < 1 || transactions > quotaMax) {
    wrong.push(`CARDEA_QUOTA must be off, azure, azure-2000 or a number from 1 to ${quotaMax}, not "${text}"`)
  }
  return { transactions, secretsSet: undefined, keys: undefined, stores: { requests: transactions, windowMs: 10_000 } }
}

const none: Settings['delays'] = { deleteMs: 0, recoverMs: 0, purgeMs: 0 }
/** As Azure's own were recorded: a deletion is typically seen after 13 seconds, a name free again a minute after its purge. */
const azureDelays: Settings['delays'] = { deleteMs: 13_000, recoverMs: 13_000, purgeMs: 60_000 }
const unitMs = { ms: 1, s: 1000, m: 60_000 }

function delaysFrom(text: string, wrong: string[]): Settings['delays'] {
  if (text === 'off') return none
  if (text === 'azure') return azureDelays
  const [, count, unit] = /^(\d{1,5})(ms|s|m)$/.exec(text) ?? []
  const ms = Number(count) * unitMs[unit as keyof typeof unitMs]
  if (count === undefined || ms > 3_600_000) {
    wrong.push(`CARDEA_DELAYS must be off, azure, or a time up to an hour such as 500ms, 5s or 1m, not "${text}"`)
    return none
  }
  return { deleteMs: ms, recoverMs: ms, purgeMs: ms }
}

function tokenLifeFrom(minutes: string, wrong: string[]): number {
  const { minutesMin, minutesMax } = tokenLife
  if (!/^\d{1,4}$/.test(minutes) || Number(minutes) < minutesMin || Number(minutes) > minutesMax)
    wrong.push(`CARDEA_TOKEN_MINUTES must be a whole number from ${minutesMin} to ${minutesMax}, not "${minutes}"`)
  return Number(minutes) * 60
}

/** Where the hardware module is, if any is named. */
export function hsmFrom(env: Env, wrong: string[]): Settings['hsm'] {
  const { CARDEA_HSM_MODULE: module, CARDEA_HSM_TOKEN: token, CARDEA_HSM_PIN_FILE: pinFile } = env
  if (module === undefined && token === undefined && pinFile === undefined) return undefined
  if (module === undefined || token === undefined || pinFile === undefined) {
    wrong.push('CARDEA_HSM_MODULE, CARDEA_HSM_TOKEN and CARDEA_HSM_PIN_FILE go together')
    return undefined
  }
  // Labels of tokens take 32 bytes, filled up with blanks (PKCS#11, CK_TOKEN_INFO).
  if (token.trim() !== token || token === '' || Buffer.byteLength(token) > 32)
    wrong.push('CARDEA_HSM_TOKEN must be the label of a token, up to 32 bytes without blanks around it')
  return { module: resolve(module), token, pinFile: resolve(pinFile) }
}

/** The words of a list, with spaces, commas or line breaks between. */
const wordsIn = (text = ''): string[] => text.split(/[\s,]+/).filter((word) => word !== '')

/** Each `https://…`, or `https://…;jwks=FILE`. */
function issuersFrom(text: string | undefined, wrong: string[]): Settings['issuers'] {
  const issuers = wordsIn(text).map((word) => {
    const [issuer = '', file] = word.split(';jwks=', 2)
    return { issuer, jwksFile: file === undefined ? undefined : resolve(file) }
  })
  for (const { issuer } of issuers) {
    const url = URL.parse(issuer)
    const plain = url?.search === '' && url.hash === '' && url.username === '' && url.password === ''
    if (url?.protocol !== 'https:' || !plain)
      wrong.push(`CARDEA_ISSUERS must be https addresses without user, query and fragment, not "${issuer}"`)
  }
  if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length)
    wrong.push('CARDEA_ISSUERS names an issuer twice')
  return issuers
}

const workloadId =
  /^\/subscriptions\/[0-9a-f-]{36}\/resourcegroups\/[^/]+\/providers\/cardea\.workload\/workloads\/[^/]+$/

function machineIdentitiesFrom(text: string | undefined, wrong: string[]): readonly string[] {
  const ids = wordsIn(text).map((id) => id.toLowerCase())
  for (const id of ids) {
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) && !workloadId.test(id))
      wrong.push(`CARDEA_MACHINE_IDENTITIES must be client ids and resource ids of workloads, not "${id}"`)
  }
  return [...new Set(ids)]
}
