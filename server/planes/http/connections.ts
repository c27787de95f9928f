import type { Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Log } from '#base/log.ts'
import { networkOf } from '#base/network.ts'

export type ConnectionsOptions = {
  /** How many one network may have open; undefined: as many as it likes. */
  readonly each: number | undefined
  readonly log: Log
  /** In what time a handshake is done, all of it. */
  readonly handshakeMs?: number
  /** How long what was turned away is counted before it is told. */
  readonly toldAfterMs?: number
}

/** More networks than these are counted as one, and fewer are told by name. */
const [networksMax, toldMax] = [1_000, 10]

/**
 * Who may connect. One network has so many connections open and no more: what comes beyond them is closed before a handshake
 * costs anything, so that a stranger leaves the others their sockets. Loopback is counted like any other: a program that
 * forgets its connections is found on one's own machine first. What is counted costs each connection a little, and no request anything.
 */
export class Connections {
  readonly #options: Required<ConnectionsOptions>
  readonly #open = new Map<string, number>()
  /** Those whose handshake isn't done. */
  readonly #shaking = new Map<string, { readonly socket: Socket; readonly late: NodeJS.Timeout }>()
  #turnedAway = 0
  /** What wasn't told yet. */
  readonly #untold = new Map<string, number>()
  #telling: NodeJS.Timeout | undefined
  #closing = false

  constructor({ handshakeMs = 8_000, toldAfterMs = 60_000, ...options }: ConnectionsOptions) {
    this.#options = { handshakeMs, toldAfterMs, ...options }
  }

  get open(): number {
    return this.#open.values().reduce((all, one) => all + one, 0)
  }

  get turnedAway(): number {
    return this.#turnedAway
  }

  /** Stands before a server: it sees no connection that isn't let in, and none that doesn't become secure in time. */
  guard(server: Server): void {
    const greet = server.listeners('connection')
    server.removeAllListeners('connection')
    server.on('connection', (socket: Socket) => {
      if (!this.#admit(socket)) return socket.destroy()
      for (const each of greet) each.call(server, socket)
    })
    server.on('secureConnection', (socket) => this.#shaken(keyOf(socket)))
  }

  #admit(socket: Socket): boolean {
    const { each = Number.POSITIVE_INFINITY, handshakeMs } = this.#options
    if (this.#closing) return false
    const network = networkOf(socket.remoteAddress ?? '')
    const open = this.#open.get(network) ?? 0
    if (open >= each) {
      this.#turnAway(network)
      return false
    }
    this.#open.set(network, open + 1)
    // Node's own time for a handshake begins again with every byte.
    const key = keyOf(socket)
    this.#shaking.set(key, { socket, late: setTimeout(() => socket.destroy(), handshakeMs) })
    socket.once('close', () => {
      this.#shaken(key)
      this.#left(network)
    })
    return true
  }

  #shaken(key: string): void {
    clearTimeout(this.#shaking.get(key)?.late)
    this.#shaking.delete(key)
  }

  #left(network: string): void {
    const open = (this.#open.get(network) ?? 1) - 1
    if (open === 0) this.#open.delete(network)
    else this.#open.set(network, open)
  }

  #turnAway(network: string): void {
    this.#turnedAway += 1
    const key = this.#untold.has(network) || this.#untold.size < networksMax ? network : 'others'
    this.#untold.set(key, (this.#untold.get(key) ?? 0) + 1)
    this.#telling ??= setTimeout(() => this.#tell(), this.#options.toldAfterMs).unref()
  }

  #tell(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    if (this.#untold.size === 0) return
    const most = [...this.#untold].sort(([, one], [, other]) => other - one)
    const closed = most.reduce((all, [, count]) => all + count, 0)
    this.#untold.clear()
    this.#options.log.warn(
      { closed, from: Object.fromEntries(most.slice(0, toldMax)), each: this.#options.each },
      'connections were closed at once: as many are open from their address as may be',
    )
  }

  /** Lets nobody in any more, and ends what isn't secure yet: half a handshake would hold up the server's end. */
  close(): void {
    this.#closing = true
    this.#tell()
    for (const { socket } of [...this.#shaking.values()]) socket.destroy()
  }
}

/** A connection, plain and secure. */
const keyOf = ({ remoteAddress, remotePort, localAddress }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress}`
