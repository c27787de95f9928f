import { newCode } from '#core/identity/codes.ts'
import type { Bare } from '../http/served.ts'
import type { Answer, Call } from '../plane.ts'
import { attested, attestedRefusal } from './attested.ts'
import { type AuthorizationRequest, authorizationRequest, requestFields, wantedBy } from './authorization-request.ts'
import { isOurTenant } from './discovery.ts'
import { formOf, queryOf } from './form.ts'
import { signedIn } from './grants/password.ts'
import { orPage } from './or-page.ts'
import { alert, hidden, html, pageAnswer } from './pages/page.ts'
import { refuseForeignForm, signInFields } from './pages/sign-in-form.ts'
import { Refusal, refusalOf, unknownTenant } from './refusal.ts'
import type { IdentityServices } from './services.ts'

/**
 * Signing in with a browser (RFC 6749 4.1, RFC 7636, RFC 9700): the application sends the person here, they say who they
 * are, and their browser carries a code back. No sign-in is remembered in the browser, so there is none to be abused by
 * another page.
 */
export function authorize(services: IdentityServices): readonly Bare[] {
  const path = '/:tenant/oauth2/v2.0/authorize'
  return [
    {
      plane: 'identity',
      method: 'GET',
      path,
      answer: (call) => orPage(services, call, 'SignIn', () => show(services, call)),
    },
    {
      plane: 'identity',
      method: 'POST',
      path,
      answer: (call) => orPage(services, call, 'SignIn', () => signInAndGoBack(services, call)),
    },
  ]
}

async function show(services: IdentityServices, call: Call): Promise<Answer> {
  const request = await requestOf(services, call, queryOf(call))
  try {
    wantedBy(request, services)
  } catch (error) {
    const refusal = refusalOf(error)
    await attestedRefusal(services, call, 'SignIn', refusal)
    return goBack(services, request, errorFields(refusal))
  }
  return signInPage(request, request.fields.get('login_hint')?.slice(0, 320) ?? '')
}

function requestOf(services: IdentityServices, call: Call, fields: URLSearchParams): Promise<AuthorizationRequest> {
  if (!isOurTenant(services.tenant, call.params.tenant)) throw unknownTenant(call.params.tenant)
  return authorizationRequest(services, fields)
}

function signInPage({ client, redirect, fields }: AuthorizationRequest, name: string, refusal?: Refusal): Answer {
  const kept = requestFields.flatMap((field) => {
    const value = fields.get(field)
    return value === null ? [] : [hidden(field, value)]
  })
  const { origin } = new URL(redirect)
  return pageAnswer({
    status: refusal?.status ?? 200,
    title: 'Sign in',
    leadsTo: origin,
    retrySeconds: refusal?.retrySeconds,
    body: html`${alert(refusal?.message)}<p>To go on to <strong>${client.name}</strong> at ${origin}.</p>
<form method="post" autocomplete="on">${kept}
${signInFields(name)}</form>`,
  })
}

async function signInAndGoBack(services: IdentityServices, call: Call): Promise<Answer> {
  refuseForeignForm(call)
  const request = await requestOf(services, call, formOf(call))
  const { fields, client, redirect } = request
  const name = fields.get('username')?.slice(0, 320) ?? ''
  try {
    const wanted = wantedBy(request, services)
    if (fields.get('go') === 'no') throw new Refusal(400, 'access_denied', 65004, 'The person declined to sign in.')
    const given = { name, password: fields.get('password') ?? '', address: call.circumstances.address }
    const { person, opened } = await signedIn(services, given, (turn, { principal }) =>
      newCode(turn, services.keyring, { ...wanted, person: principal.objectId, client: client.appId, redirect }),
    )
    await attested(services, call, 'SignIn', { principal: person.principal, appId: client.appId })
    return goBack(services, request, { code: opened })
  } catch (error) {
    const refusal = refusalOf(error)
    await attestedRefusal(services, call, 'SignIn', refusal)
    // What the person can mend, or wait for, is theirs to read.
    return refusal.error === 'invalid_grant' || refusal.status === 429
      ? signInPage(request, name, refusal)
      : goBack(services, request, errorFields(refusal))
  }
}

const errorFields = ({ error, number, message }: Refusal): Record<string, string> => ({
  error,
  error_description: `AADSTS${number}: ${message}`,
})

/** Back to the application; whose answer it is stands in it (RFC 9207). 303, so that no form goes along. */
function goBack(
  { loginUrl, tenant }: IdentityServices,
  { redirect, state }: AuthorizationRequest,
  fields: Readonly<Record<string, string>>,
): Answer {
  const url = new URL(redirect)
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
  if (state !== undefined) url.searchParams.set('state', state)
  url.searchParams.set('iss', `${loginUrl}/${tenant}/v2.0`)
  return {
    status: 303,
    headers: { location: url.href, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  }
}
