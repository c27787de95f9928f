import { answerDevice, waitingFor } from '#core/identity/device-codes.ts'
import { principalByApp } from '#core/identity/directory.ts'
import { beginAttempt, endAttempt } from '#core/identity/failures.ts'
import type { Principal } from '#core/identity/principal.ts'
import type { Bare } from '../http/served.ts'
import type { Answer, Call } from '../plane.ts'
import { attested, attestedRefusal } from './attested.ts'
import { tooMany } from './client.ts'
import { isOurTenant } from './discovery.ts'
import { formOf } from './form.ts'
import { signedIn } from './grants/password.ts'
import { orPage } from './or-page.ts'
import { alert, hidden, html, pageAnswer } from './pages/page.ts'
import { refuseForeignForm, signInFields } from './pages/sign-in-form.ts'
import { Refusal, refusalOf, unknownTenant } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/**
 * Where a person enters the code that a program shows, and signs in for it (RFC 8628 3.3). The page names the program
 * first, and no link brings the code along: whoever was sent a code by a stranger shall notice (RFC 8628 5.4).
 */
export function devicePage(services: IdentityServices): readonly Bare[] {
  const path = '/:tenant/oauth2/deviceauth'
  const ours = (call: Call) => {
    if (!isOurTenant(services.tenant, call.params.tenant)) throw unknownTenant(call.params.tenant)
  }
  return [
    {
      plane: 'identity',
      method: 'GET',
      path,
      answer: (call) =>
        orPage(services, call, 'SignIn', async () => {
          ours(call)
          return codePage()
        }),
    },
    {
      plane: 'identity',
      method: 'POST',
      path,
      answer: (call) =>
        orPage(services, call, 'SignIn', async () => {
          ours(call)
          refuseForeignForm(call)
          return enter(services, call)
        }),
    },
  ]
}

const codePage = (refusal?: Refusal): Answer =>
  pageAnswer({
    status: refusal?.status ?? 200,
    title: 'Enter the code',
    retrySeconds: refusal?.retrySeconds,
    body: html`${alert(refusal?.message)}<p>The program that you want to sign in to shows you a code.</p>
<form method="post"><label for="user_code">Code</label>
<input id="user_code" name="user_code" autocomplete="off" autocapitalize="characters" spellcheck="false" required maxlength="16">
<button>Go on</button></form>`,
  })

const personPage = (client: Principal, code: string, name: string, refusal?: Refusal): Answer =>
  pageAnswer({
    status: refusal?.status ?? 200,
    title: 'Sign in',
    retrySeconds: refusal?.retrySeconds,
    body: html`${alert(refusal?.message)}<p><strong>${client.name}</strong> waits on another device for you to sign in. Go on only if you started it yourself just now; if somebody sent you the code, cancel.</p>
<form method="post">${hidden('user_code', code)}
${signInFields(name)}</form>`,
  })

const done = (words: string): Answer => pageAnswer({ title: words, body: html`<p>You can close this page.</p>` })

async function enter(services: IdentityServices, call: Call): Promise<Answer> {
  const { base, keyring } = services
  const form = formOf(call)
  const code = form.get('user_code')?.slice(0, 16) ?? ''
  let client: Principal
  try {
    client = await programOf(services, call, code)
  } catch (error) {
    const refusal = refusalOf(error)
    await attestedRefusal(services, call, 'SignIn', refusal)
    return codePage(refusal)
  }
  const name = form.get('username')?.slice(0, 320) ?? ''
  if (!form.has('go')) return personPage(client, code, name)
  if (form.get('go') === 'no') {
    await base.database.write((turn) => answerDevice(turn, keyring, code, 'refused'))
    return done('Cancelled')
  }
  try {
    const given = { name, password: form.get('password') ?? '', address: call.circumstances.address }
    const { person, opened } = await signedIn(services, given, (turn, { principal }) =>
      answerDevice(turn, keyring, code, { person: principal.objectId }),
    )
    if (!opened) throw wrongCode()
    await attested(services, call, 'SignIn', { principal: person.principal, appId: client.appId })
    return done('You have signed in')
  } catch (error) {
    const refusal = refusalOf(error)
    await attestedRefusal(services, call, 'SignIn', refusal)
    return personPage(client, code, name, refusal)
  }
}

const wrongCode = (): Refusal =>
  new Refusal(400, 'invalid_grant', 70019, 'No program waits with this code. Look whether it still shows the same one.')

/** The program behind a code. Codes are short, so guessing at them gets slower. */
async function programOf({ base, keyring, clock }: IdentityServices, call: Call, code: string): Promise<Principal> {
  const attempt = { kind: 'user-code', name: '', address: call.circumstances.address } as const
  const pauseMs = await base.database.write((turn) => beginAttempt(turn, keyring, attempt))
  if (pauseMs > 0) throw tooMany(pauseMs)
  const appId = await waitingFor(base.database.read, keyring, code, clock())
  const client = appId === undefined ? undefined : await principalByApp(base.database.read, keyring, appId)
  if (client === undefined || !client.enabled) throw wrongCode()
  await base.database.write((turn) => endAttempt(turn, keyring, attempt))
  return client
}
