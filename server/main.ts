import { randomBytes } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { providersWith } from '@cardea/providers/providers'
import { Allowance } from '#base/allowance.ts'
import { type Clock, systemClock } from '#base/clock.ts'
import type { Database } from '#base/database.ts'
import type { Egress } from '#base/egress.ts'
import { fetchJson } from '#base/fetch-json.ts'
import { openHsm } from '#base/keys/hsm/open-hsm.ts'
import { SoftwareKeys } from '#base/keys/software-keys.ts'
import { createLog, type Log } from '#base/log.ts'
import { TurnMeter } from '#base/metrics.ts'
import { migrate } from '#base/migrations.ts'
import { tryPorts } from '#base/ports.ts'
import { openPostgres } from '#base/postgres.ts'
import { rootKeyIn } from '#base/root-key.ts'
import { openSqlite } from '#base/sqlite.ts'
import { Bundles } from '#base/x509/bundles.ts'
import { AccessBook } from '#core/access/access.ts'
import { auditLedger } from '#core/audit/audit.ts'
import { makeCheckpoint, type SignedCheckpoint } from '#core/audit/checkpoint.ts'
import type { AuditEntry } from '#core/audit/entry.ts'
import { Strangers, type StrangersMeasure } from '#core/audit/strangers.ts'
import { Outgoing } from '#core/events/events.ts'
import { Feeds } from '#core/events/feed.ts'
import { IssuerBook } from '#core/identity/issuers.ts'
import { newKeyPair, TokenBook } from '#core/identity/tokens.ts'
import { existingInstallation, foundInstallation, type Installation } from '#core/installation/installation.ts'
import type { Custodians } from '#core/keys/custody.ts'
import type { Base } from '#core/perform.ts'
import { type Times, timesFrom } from '#core/rotation/policy.ts'
import type { Providers } from '#core/rotation/rotation.ts'
import type { OnStep } from '#core/rotation/steps.ts'
import { forgetLeases } from '#core/schedule/schedule.ts'
import { Keyring } from '#core/sealing/keyring.ts'
import { keepSettingsReceiver } from '#core/subscriptions/subscriptions.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { health } from '#planes/cardea/health.ts'
import { Metrics } from '#planes/cardea/metrics/metrics.ts'
import { listenForMetrics } from '#planes/cardea/metrics/metrics-listener.ts'
import { createConnectProxy } from '#planes/http/connect-proxy.ts'
import { Connections } from '#planes/http/connections.ts'
import { Hosts } from '#planes/http/hosts.ts'
import { limited } from '#planes/http/limited.ts'
import { createListener } from '#planes/http/listener.ts'
import { Meters } from '#planes/http/meters.ts'
import { identityPlane } from '#planes/identity/identity-plane.ts'
import { managedIdentity } from '#planes/identity/managed-identity.ts'
import type { IdentityServices } from '#planes/identity/services.ts'
import { validation } from '#planes/management/events/validate.ts'
import { metadata } from '#planes/management/metadata.ts'
import { planesOf } from '#planes/planes.ts'
import { startMetricsExporter } from '#workers/metrics-exporter.ts'
import type { KeepCheckpoint } from '#workers/notary.ts'
import type { Relay } from '#workers/relay.ts'
import { startWorkers, type Workers } from '#workers/workers.ts'
import { type Certificate, certificateFor, trustedHere } from './certificate.ts'
import { developerKeys, keepRunning, takeFolder } from './environment.ts'
import { keepOutside } from './offline/checkpoints.ts'
import type { Settings } from './settings.ts'

/** A server that runs. */
export type Cardea = {
  readonly port: number
  readonly proxyPort: number | undefined
  readonly metricsPort: number | undefined
  readonly caFile: string | undefined
  readonly installation: Installation
  /** What everything stands on, for those who start a server inside their own process: tests and tools. */
  readonly base: Base
  /** Finishes what was begun, and stops. */
  close(): Promise<void>
}

export type Around = {
  readonly clock?: Clock
  readonly log?: Log
  /** How rotations run, where it isn't as in production: for tests and the demo. */
  readonly rotation?: {
    readonly times?: Partial<Times>
    readonly providers?: Providers
    readonly onStep?: OnStep
    /** How many at once. */
    readonly concurrency?: number
  }
  /** Who keeps keys, where it isn't as in production: for tests. */
  readonly custodians?: Partial<Custodians>
  /** How events go out, where it isn't as in production: for tests. */
  readonly events?: Pick<Relay, 'pausesMs'> & Pick<Egress, 'lookup'>
  /** How alerts reach web hooks, where it isn't as in production: for tests. */
  readonly alerts?: Pick<Egress, 'lookup' | 'ca'>
}

/** Opens the database, founds the installation if there is none, binds the planes and starts the workers. */
export async function start(settings: Settings, around: Around = {}): Promise<Cardea> {
  const log = around.log ?? createLog(settings.logLevel)
  const { providers = providersWith(settings.rotation), onStep, concurrency } = around.rotation ?? {}
  const times = timesFrom({ ...settings.rotation.times, ...around.rotation?.times })
  const rotation = { providers, onStep, concurrency, times }
  const clock = around.clock ?? systemClock
  await tryPorts(portsOf(settings))
  takeFolder(settings.data)
  // What ends badly keeps nothing else open.
  const closers = new AsyncDisposableStack()
  try {
    const custodians = await openCustodians(settings, around, closers)
    const keyring = new Keyring(rootKeyIn(settings.rootKeyFile))
    const turns = new TurnMeter()
    const database = await openDatabase(settings, keyring, around, log, turns)
    closers.use(database)
    const keepCheckpoint = (checkpoint: SignedCheckpoint) => keepOutside(settings.data, checkpoint)
    const applied = await migrate(database, new URL('./migrations/', import.meta.url))
    if (applied.length > 0) log.info({ applied }, 'the database was brought up to date')
    const installation = await installed(database, keyring, settings)
    if (database.engine === 'sqlite') await forgetLeases(database)
    await keepSettingsReceiver(database, settings.events.own !== undefined)
    const hosts = new Hosts(settings.domain, settings.publicPort)
    const strangers = new Strangers(strangersMeasure(settings), (entry) => database.witness(entry, undefined))
    // The last thing that a server does: so that nothing can be cut off the journal of one that rests.
    closers.defer(async () => {
      try {
        const last = await database.write((turn) => makeCheckpoint(turn, keyring))
        if (last !== undefined) keepCheckpoint(last)
      } catch (error) {
        log.warn({ error }, 'the last checkpoint of the journal could not be made')
      }
    })
    closers.defer(async () => {
      await strangers.sum().catch((error: unknown) => log.warn({ error }, 'what was refused could not be summed'))
    })
    return await serve(settings, {
      base: { database, keyring, access: new AccessBook(keyring), clock, outgoing: new Outgoing(hosts), strangers },
      installation,
      hosts,
      rotation,
      events: around.events ?? {},
      alerts: around.alerts ?? {},
      custodians,
      keepCheckpoint,
      turns,
      log,
      closers,
    })
  } catch (error) {
    await closers.disposeAsync().catch((failed: unknown) => log.warn({ error: failed }, 'not all could be closed'))
    throw error
  }
}

/** Who keeps keys: threads of our own, and the hardware module that the settings name. */
async function openCustodians({ hsm }: Settings, around: Around, closers: House['closers']): Promise<Custodians> {
  const software = new SoftwareKeys()
  closers.defer(() => software.close())
  const module = hsm && (await openHsm(hsm, software))
  if (module !== undefined) closers.defer(() => module.close())
  return { software, hsm: module, ...around.custodians }
}

/** Where the server will listen. */
const portsOf = ({ listen, proxyPort, metricsPort }: Settings) => [
  listen,
  ...[proxyPort, metricsPort].filter((port) => port !== undefined).map((port) => ({ host: '127.0.0.1', port })),
]

const openDatabase = async (
  settings: Settings,
  keyring: Keyring,
  { clock }: Around,
  log: Log,
  meter: TurnMeter,
): Promise<Database<AuditEntry>> =>
  settings.database === undefined
    ? openSqlite(`${settings.data}/cardea.db`, { clock: clock ?? systemClock, ledger: auditLedger(keyring), meter })
    : openPostgres(settings.database, {
        ledger: auditLedger(keyring),
        log,
        meter,
        ...(clock !== undefined && { clock }),
      })

/** The installation in the database; founded now if this is the first start. Of two first nodes, one founds. */
async function installed(
  database: Database<AuditEntry>,
  keyring: Keyring,
  { domain, data }: Settings,
): Promise<Installation> {
  const found = await existingInstallation(database, keyring, domain)
  if (found !== undefined) return found
  const [pair, keys] = [await newKeyPair(), developerKeys(data)]
  return database
    .write((turn) => foundInstallation(turn, keyring, domain, pair, keys))
    .catch(async (error) => {
      const other = await existingInstallation(database, keyring, domain)
      if (other === undefined) throw error
      return other
    })
}

type House = {
  readonly base: Base
  readonly installation: Installation
  readonly hosts: Hosts
  readonly rotation: Pick<Workers, 'providers' | 'times' | 'onStep' | 'concurrency'>
  readonly events: NonNullable<Around['events']>
  readonly alerts: NonNullable<Around['alerts']>
  readonly custodians: Custodians
  readonly keepCheckpoint: KeepCheckpoint
  readonly turns: TurnMeter
  readonly log: Log
  readonly closers: AsyncDisposableStack
}

/** Opens the doors, starts what happens unasked, and writes down where to knock. */
async function serve(settings: Settings, house: House): Promise<Cardea> {
  const { base, installation, log, closers } = house
  let closing = false
  const services = servicesFor(settings, house)
  const { caFile, bundleFile, certificate } = await certificateFor(settings, base.clock)
  const port = await bindPlanes(settings, house, services, certificate, () => closing)
  startWork(settings, house, services)
  const metricsPort = await tellMetrics(settings, house, services)
  const identityHeader = randomBytes(24).toString('base64url')
  const proxyPort = await openProxy(settings, house, services, port, identityHeader)
  const { domain, listen, publicPort } = settings
  keepRunning(settings.data, {
    pid: process.pid,
    host: listen.host,
    port,
    proxyPort,
    domain,
    publicPort,
    caFile,
    bundleFile,
    identityHeader,
  })
  log.info({ port, proxyPort, domain, engine: base.database.engine }, 'ready')
  return {
    port,
    proxyPort,
    metricsPort,
    caFile,
    installation,
    base,
    async close() {
      closing = true
      await closers.disposeAsync()
      log.info('stopped')
    },
  }
}

type Services = ReturnType<typeof servicesFor>

/** What planes, workers and the proxy share. */
function servicesFor(settings: Settings, house: House) {
  const { base, installation, hosts, custodians, turns, log, closers } = house
  const { tenant } = installation
  const { database, keyring, clock } = base
  const issuer = `${hosts.loginUrl}/${tenant}/v2.0`
  const tokens = new TokenBook(database, keyring, { tenant, issuer, lifeSeconds: settings.tokenLifeSeconds })
  const feeds = new Feeds(database, log)
  closers.defer(() => feeds.close())
  const meters = new Meters()
  const connections = new Connections({ each: settings.connectionsEach, log })
  const metrics = new Metrics({ meters, turns, connections, sql: database.read, clock })
  closers.use(metrics)
  const identity: IdentityServices = {
    base,
    keyring,
    tokens,
    clock,
    loginUrl: hosts.loginUrl,
    graphUrl: hosts.graphUrl,
    tenant,
    issuers: new IssuerBook(settings.issuers, fetchJson, clock),
  }
  const bundles = new Bundles()
  closers.defer(() => bundles.close())
  const vaults = new VaultBook(database)
  return { issuer, tokens, vaults, feeds, meters, connections, metrics, identity, custodians, bundles }
}

/** Listens for all planes, and gives the port. */
async function bindPlanes(
  settings: Settings,
  { base, installation, hosts, rotation, log, closers }: House,
  { identity, meters, connections, ...services }: Services,
  tls: Certificate,
  isClosing: () => boolean,
): Promise<number> {
  const crowd = { allowance: crowdAllowance(settings), strangers: base.strangers }
  const listener = createListener({
    base,
    hosts,
    planes: planesOf({
      base,
      hosts,
      installation,
      ...services,
      allowPrivate: settings.alerts.allowPrivate,
      sendsMail: settings.alerts.smtp !== undefined,
      eventsPrivate: settings.events.allowPrivate,
      quota: settings.quota,
      delays: settings.delays,
      ...rotation,
    }),
    bare: [
      ...limited(crowd, [metadata(hosts, installation.tenant), ...validation(base), ...identityPlane(identity)]),
      ...health(base.database, isClosing),
    ],
    meters,
    connections,
    crowd,
    tls,
    log,
  })
  await listener.listen({ host: settings.listen.host, port: settings.listen.port })
  closers.defer(() => listener.close())
  return (listener.server.address() as AddressInfo).port
}

function startWork(
  settings: Settings,
  { base, installation, hosts, rotation, keepCheckpoint, events, alerts, log, closers }: House,
  { vaults, custodians }: Services,
): void {
  const workers = startWorkers({
    base,
    subscription: installation.subscription,
    domain: installation.domain,
    vaults,
    custodians,
    ...rotation,
    keepCheckpoint,
    log,
    events: eventsOut(settings, hosts, events),
    outlets: { ...settings.alerts, domain: settings.domain, ...alerts },
  })
  closers.defer(() => workers.close())
}

/** Shows metrics on a port of their own, and posts them, where the settings want that; gives the port. */
async function tellMetrics(
  { metricsPort, collector }: Settings,
  { base: { clock }, log, closers }: House,
  { metrics }: Services,
): Promise<number | undefined> {
  if (collector !== undefined) {
    const exporter = startMetricsExporter({ url: collector, families: () => metrics.families(), clock, log })
    closers.defer(() => exporter.close())
  }
  if (metricsPort === undefined) return undefined
  const listening = await listenForMetrics(metrics, metricsPort)
  closers.use(listening)
  return listening.port
}

/** The proxy on loopback with the identities of this machine, where the settings want one; gives its port. */
async function openProxy(
  { domain, proxyPort, proxyPassOn, machineIdentities }: Settings,
  { hosts, log, closers }: House,
  { identity }: Services,
  port: number,
  identityHeader: string,
): Promise<number | undefined> {
  if (proxyPort === undefined) return undefined
  const proxy = createConnectProxy({
    domain,
    owns: (host) => hosts.owns(host),
    port: () => port,
    passOn: proxyPassOn,
    handle: managedIdentity({ ...identity, here: machineIdentities, identityHeader, log }),
    log,
  })
  const listening = await proxy.listen(proxyPort)
  closers.defer(() => proxy.close())
  return listening
}

/** A flood from one network is refused cheaply; half a minute's worth may come at once. */
const crowdAllowance = ({ anonymous: { requestsPerSecond: perSecond } }: Settings): Allowance | undefined =>
  perSecond === undefined ? undefined : new Allowance({ perSecond, burst: 30 * perSecond })

/** Twenty minutes' worth may come at once; all networks together have ten times as much as one. */
function strangersMeasure({ anonymous: { entriesPerMinute } }: Settings): StrangersMeasure {
  if (entriesPerMinute === undefined) return undefined
  const times = (networks: number) => ({
    burst: 20 * networks * entriesPerMinute,
    perSecond: (networks * entriesPerMinute) / 60,
  })
  return { each: times(1), all: times(10) }
}

/** How events leave the house: to the receiver that the settings name, and to whoever subscribed. */
const eventsOut = (
  { events, domain }: Settings,
  hosts: Hosts,
  { pausesMs, lookup }: NonNullable<Around['events']>,
): Workers['events'] => ({
  own: events.own,
  egress: {
    allowPrivate: events.allowPrivate,
    ...(events.ca !== undefined && { ca: [...trustedHere(), events.ca] }),
    ...(lookup !== undefined && { lookup }),
  },
  origin: `management.${domain}`,
  managementUrl: hosts.managementUrl,
  ...(pausesMs !== undefined && { pausesMs }),
})
