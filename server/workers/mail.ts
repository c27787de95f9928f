import type { Instant } from '#base/clock.ts'
import { oneLine } from '#base/one-line.ts'
import { noMailServer } from '#core/alerts/alert.ts'

/** How mail leaves the house. */
export type MailOutlet = {
  /** A server that takes mail, and by what address we are known; undefined: no mail goes out. */
  readonly smtp: { readonly url: string; readonly from: string } | undefined
  readonly domain: string
}
type Mail = {
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  /** The same news have the same one, so that a receiver can tell a repetition. */
  readonly id: string
  readonly at: Instant
}

/** For how long a server may be silent before it is given up, in milliseconds. */
type Limits = { readonly connectionTimeout: number; readonly socketTimeout: number }
const usual: Limits = { connectionTimeout: 10_000, socketTimeout: 30_000 }

/** Sends a mail; throws when it couldn't be handed over. Unencrypted it goes to a server on this machine alone. */
export async function mail(
  { smtp, domain }: MailOutlet,
  { to, subject, text, id, at }: Mail,
  limits = usual,
): Promise<void> {
  if (smtp === undefined) throw new Error(noMailServer)
  const { createTransport } = await import('nodemailer')
  const local = ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(smtp.url).hostname)
  const transport = createTransport({
    url: smtp.url,
    requireTLS: !local,
    ...limits,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from: smtp.from,
      to: [...to],
      subject: oneLine(subject),
      text,
      messageId: `<${id}@${domain}>`,
      date: new Date(at),
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  } finally {
    transport.close()
  }
}
