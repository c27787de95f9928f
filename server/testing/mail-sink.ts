import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A server that takes mail and keeps it, refuses it, or says nothing at all; it has no STARTTLS. For tests. */
export type MailSink = AsyncDisposable & {
  readonly url: string
  readonly mails: { to: string[]; text: string }[]
  /** The commands that it was given. */
  readonly commands: string[]
  refuse: boolean
  silent: boolean
}

export async function openMailSink(): Promise<MailSink> {
  const sockets = new Set<Socket>()
  const sink = {
    url: '',
    mails: [] as { to: string[]; text: string }[],
    commands: [] as string[],
    refuse: false,
    silent: false,
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setEncoding('utf8')
    let to: string[] = []
    let text: string | undefined
    let rest = ''
    socket.on('error', () => {})
    if (sink.silent) return
    socket.write('220 sink\r\n')
    socket.on('data', (part: string) => {
      rest += part
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (text === undefined) sink.commands.push(line.replace(/ .*/, ''))
        if (text !== undefined) {
          if (line !== '.') text += `${line}\n`
          else {
            sink.mails.push({ to, text })
            text = undefined
            socket.write('250 kept\r\n')
          }
        } else if (/^RCPT TO:/i.test(line)) {
          to.push(/<(.*)>/.exec(line)?.[1] ?? '')
          socket.write(sink.refuse ? '550 not here\r\n' : '250 ok\r\n')
        } else if (/^DATA/i.test(line)) {
          text = ''
          socket.write('354 go on\r\n')
        } else if (/^STARTTLS/i.test(line)) socket.write('502 no such thing here\r\n')
        else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n')
        else {
          if (/^MAIL/i.test(line)) to = []
          socket.write('250 ok\r\n')
        }
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  sink.url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(sink, {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  })
}
