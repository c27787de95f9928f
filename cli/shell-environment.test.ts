import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hides, variablesBack, variablesFor } from './shell-environment.ts'

const own = {
  NODE_EXTRA_CA_CERTS: '/data/tls/ca.pem',
  SSL_CERT_FILE: '/data/tls/bundle.pem',
  HTTPS_PROXY: 'http://127.0.0.1:8480',
  NO_PROXY: '127.0.0.1,localhost',
  CARDEA_DOMAIN: 'cardea.internal',
  CARDEA_TENANT_ID: 'tenant',
}
const texts: Record<string, string> = {
  '/data/tls/ca.pem': 'ours\n',
  '/data/tls/bundle.pem': 'ours and the machine’s\n',
  '/etc/corp.pem': 'theirs\n',
}

/** The variables that a shell has once it has run what `cardea env` printed, and what was written for it. */
function entered(shell: Record<string, string>) {
  const written = new Map<string, string>()
  const variables = variablesFor(own, shell, {
    read: (path) => texts[path] ?? '',
    keep: (name, text) => {
      written.set(`/data/tls/${name}`, text)
      return `/data/tls/${name}`
    },
  })
  return { after: { ...shell, ...variables } as Record<string, string>, written }
}

function left(shell: Record<string, string>): Record<string, string> {
  const after = { ...shell }
  for (const [name, value] of variablesBack(Object.keys(own), shell)) {
    if (value === undefined) delete after[name]
    else after[name] = value
  }
  return after
}

describe('the variables of cardea env', () => {
  it('come back as they were, however often they were set', () => {
    for (const shell of [
      {},
      { PATH: '/bin' },
      { NODE_EXTRA_CA_CERTS: '/etc/corp.pem', SSL_CERT_FILE: '/etc/corp.pem' },
      {
        HTTPS_PROXY: 'http://corp:3128',
        https_proxy: 'http://corp:3128',
        NO_PROXY: '*.internal',
        no_proxy: 'a.example',
      },
    ]) {
      const once = entered(shell).after
      assert.deepEqual(left(once), shell)
      assert.deepEqual(left(entered(once).after), shell)
    }
  })

  it('trust what the shell trusts, beside Cardea', () => {
    const { after, written } = entered({ NODE_EXTRA_CA_CERTS: '/etc/corp.pem', SSL_CERT_FILE: '/nowhere.pem' })
    assert.equal(written.get(after.NODE_EXTRA_CA_CERTS ?? ''), 'ours\ntheirs\n')
    assert.equal(after.SSL_CERT_FILE, own.SSL_CERT_FILE)
    assert.equal(entered(after).after.NODE_EXTRA_CA_CERTS, after.NODE_EXTRA_CA_CERTS)
  })

  it('are told to programs that read small letters, where the shell tells them anything', () => {
    const { after } = entered({ https_proxy: 'http://corp:3128', no_proxy: 'a.example' })
    assert.equal(after.https_proxy, own.HTTPS_PROXY)
    assert.equal(after.no_proxy, 'a.example,127.0.0.1,localhost')
    assert.ok(!('https_proxy' in entered({}).after))
  })

  it('lead past the proxy to nothing that only the proxy knows', () => {
    const { after } = entered({ NO_PROXY: 'corp.example,.internal' })
    assert.equal(after.NO_PROXY, 'corp.example,127.0.0.1,localhost')
    for (const entry of ['*', 'internal', '.cardea.internal', '*.cardea.internal:443', 'demo.vault.cardea.internal'])
      assert.ok(hides(entry, 'cardea.internal'), entry)
    for (const entry of ['corp.internal', 'internal.example', '10.0.0.0/8', 'cardea.internal:8443'])
      assert.ok(!hides(entry, 'cardea.internal'), entry)
  })

  it('keep what was added meanwhile to what is reached without a proxy', () => {
    const { after } = entered({})
    assert.equal(left({ ...after, NO_PROXY: `${after.NO_PROXY},new.example` }).NO_PROXY, 'new.example')
  })
})
