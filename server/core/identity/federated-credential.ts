import { Fault } from '#base/fault.ts'

/**
 * Tokens of other issuers that prove an application or a managed identity: exactly this issuer, this subject, one of
 * these audiences. Nothing in them is a pattern, so no name that a stranger may choose elsewhere fits by accident.
 */
export type FederatedCredential = {
  readonly id: string
  readonly name: string
  readonly issuer: string
  readonly subject: string
  readonly audiences: readonly string[]
  readonly description: string
  /** What a token says that was made on its word: it names the credential as it stands, not as it is replaced. */
  readonly reference: string
}
export type FederatedDraft = Omit<FederatedCredential, 'id' | 'reference'>

/** As many as Entra keeps for one holder. */
export const federatedMax = 20

const lengthMax = 600
const invalid = (where: string, wanted: string): Fault => new Fault('invalid', `${where} must be ${wanted}.`, { where })
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these may not stand in an identity
const unfit = /[\u0000-\u001f\u007f-\u00a0\u2028\u2029*?]|^\s|\s$/

/** The draft, when each part names one thing: an https issuer, a subject and audiences without wildcards. */
export function exact({ name, issuer, subject, audiences, description }: FederatedDraft): FederatedDraft {
  if (!/^[A-Za-z0-9][\w-]{2,119}$/.test(name)) {
    throw invalid('name', "3 to 120 letters, digits, '-' and '_', beginning with a letter or digit")
  }
  const url = URL.parse(issuer)
  if (url?.protocol !== 'https:' || url.search !== '' || url.hash !== '' || unfit.test(issuer) || url.username !== '') {
    throw invalid('issuer', 'an https address without query and fragment')
  }
  if (issuer.length > lengthMax) throw invalid('issuer', `at most ${lengthMax} characters`)
  if (subject === '' || subject.length > lengthMax || unfit.test(subject)) {
    throw invalid('subject', `exactly the subject of the token, at most ${lengthMax} characters, without wildcards`)
  }
  const [audience] = audiences
  if (audiences.length !== 1 || audience === undefined || audience === '' || audience.length > lengthMax) {
    throw invalid('audiences', `one audience of at most ${lengthMax} characters`)
  }
  if (unfit.test(audience)) throw invalid('audiences', 'exactly the audience of the token, without wildcards')
  return { name, issuer, subject, audiences, description }
}
