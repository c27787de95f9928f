import { createHash } from 'node:crypto'
import type { Log } from '#base/log.ts'
import { oneLine } from '#base/one-line.ts'
import { resourceOf } from '#core/certificates/certificates.ts'
import { contactsOf } from '#core/certificates/contacts.ts'
import type { Base } from '#core/perform.ts'
import type { Vault } from '#core/vaults/vault.ts'
import { type MailOutlet, mail } from './mail.ts'

/** What a vault's contacts are told of its certificates. */
export type News = 'ending' | 'renewing' | 'renewed' | 'not renewed'
type Told = {
  readonly name: string
  readonly news: News
  /** When it ends, or the number of the request that it is about: the same news have the same mail. */
  readonly about: string
  readonly more?: string | undefined
}

const says: Readonly<Record<News, (about: string) => { readonly headline: string; readonly text: string }>> = {
  ending: (about) => ({
    headline: `expires at ${about}`,
    text: 'Nobody has said that it renews itself. Have it issued anew, and merge or import what you are given.',
  }),
  renewing: () => ({ headline: 'is being renewed', text: 'Its policy says so. You are told what comes of it.' }),
  renewed: () => ({ headline: 'was renewed', text: 'Whoever reads its secret by name has the new version.' }),
  'not renewed': () => ({
    headline: 'could not be renewed',
    text: 'The version before stays in use. It is tried again a day later.',
  }),
}

/** Mails a vault's contacts, if it has any; throws when that couldn't be handed over. */
export async function mailContacts(
  { database, keyring, clock }: Base,
  outlets: MailOutlet,
  vault: Vault,
  { name, news, about, more }: Told,
): Promise<void> {
  const contacts = await contactsOf({ sql: database.read, keyring }, vault)
  if (contacts.length === 0) return
  const { headline, text } = says[news](about)
  const sentence = `The certificate ${name} of the vault ${vault.name} ${headline}`
  const same = JSON.stringify([resourceOf(vault, name), news, about])
  await mail(outlets, {
    to: contacts.map(({ email }) => oneLine(email)),
    subject: `[Cardea] ${sentence}`,
    text: `${sentence}.\n\n${text}\n${more === undefined ? '' : `\n${oneLine(more)}\n`}`,
    id: createHash('sha256').update(same).digest('hex').slice(0, 32),
    at: clock(),
  })
}

/** The same for news that nothing depends on: what can't be sent is in the log, and tried no more. */
export async function mailIfPossible(
  base: Base,
  { outlets, log }: { readonly outlets: MailOutlet; readonly log: Log },
  vault: Vault,
  told: Told,
): Promise<void> {
  if (outlets.smtp === undefined) return
  try {
    await mailContacts(base, outlets, vault, told)
  } catch (error) {
    log.warn({ error, vault: vault.name, certificate: told.name }, 'contacts of a vault could not be told')
  }
}
