import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** `asked`: as a packet is handed to the target. `answered`: once it has said something to that, which nobody hears. */
export type Blow = { readonly packet: number; readonly when: 'asked' | 'answered' }

/** Carries everything to and from a target, counts what is sent there, and strikes at a packet. */
export type Relay = AsyncDisposable & {
  readonly port: number
  /** Called with each packet that is sent to the target, by its number since the last `count`. */
  onPacket: (packet: number) => void
  /** Called when the target says something after a packet, on the same connection. */
  onAnswer: (packet: number) => void
  /** Counts from one again, and strikes at a packet, if one is named. */
  count(blow?: Blow & { readonly strike: () => void }): void
}

export async function openRelay(port: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let packets = 0
  let blow: (Blow & { readonly strike: () => void }) | undefined
  const strike = () => {
    const struck = blow
    blow = undefined
    struck?.strike()
  }
  const server = createServer((socket) => {
    const onward = connect(port, '127.0.0.1')
    let last = 0
    let awaited = false
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    socket.on('data', (part) => {
      packets += 1
      last = packets
      relay.onPacket(packets)
      const now = blow?.packet === packets
      onward.write(part)
      if (now && blow?.when === 'asked') strike()
      else awaited = now
    })
    onward.on('data', (part) => {
      relay.onAnswer(last)
      if (!awaited) return void socket.write(part)
      strike()
      socket.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    onPacket: () => {},
    onAnswer: () => {},
    count(next) {
      packets = 0
      blow = next
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
  return relay
}
