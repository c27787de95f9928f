import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Misuse } from '../command.ts'
import { dotenvEntries, dotenvText } from './dotenv.ts'
import { contentOf, type Format, formatOf } from './file-source.ts'
import { defaultTree, kvsetTree, type Profile } from './profiles.ts'
import { propertiesEntries, propertiesText } from './properties.ts'
import { originalNameTag, secretNameFor, variableNameFor } from './secret-names.ts'
import { yamlText } from './yaml-tree.ts'

const read = (
  text: string,
  format: Format,
  {
    separator = ':',
    depth = 64,
    contentType = undefined as string | undefined,
    profile = undefined as Profile | undefined,
  } = {},
) => contentOf(Buffer.from(text), format, profile, { separator, depth, contentType })
const pairs = (text: string, format: Format, given = {}) =>
  Object.fromEntries(read(text, format, given).entries.map(({ name, value }) => [name, value]))

/** Texts that somebody's format has tripped over. */
const awkward = [
  '',
  ' ',
  'a b',
  ' leading',
  'trailing ',
  'a=b',
  'a:b',
  '#hash',
  '!bang',
  'a#b',
  "it's",
  '"quoted"',
  'back\\slash',
  'C:\\new\\table',
  '$HOME',
  '`id`',
  'two\nlines',
  'tab\there',
  'ü€😀',
  'true',
  'null',
  'yes',
  '~',
  '1.10',
  '0x1F',
  '- a',
  '{a: b}',
  '[',
  '&a',
  '*a',
  '%',
  '@',
  'a\\',
  '\\u0041',
]

describe('.env', () => {
  it('is read as Node reads it', () => {
    const text = '# comment\nexport A=1\nB = two \nC="x\\ny"\nD=\'#no\'\nE="a\nb"\nF=\n'
    assert.deepEqual(Object.fromEntries(dotenvEntries(text).map(({ name, value }) => [name, value])), {
      A: '1',
      B: 'two',
      C: 'x\ny',
      D: '#no',
      E: 'a\nb',
      F: '',
    })
  })

  it('is refused by the line that says nothing, which is not repeated', () => {
    assert.throws(
      () => dotenvEntries('A=1\nhunter2\n'),
      (error: Error) => error instanceof Misuse && /Line 2/.test(error.message) && !/hunter2/.test(error.message),
    )
  })

  it('comes back as it was written, or is refused', () => {
    let refused = 0
    for (const value of awkward) {
      try {
        assert.deepEqual(dotenvEntries(dotenvText([{ name: 'A', value }])), [{ name: 'A', value }], value)
      } catch (error) {
        if (!(error instanceof Misuse)) throw error
        refused += 1
      }
    }
    assert.equal(refused, 0)
    for (const value of ['it\'s "both"', "it's $x", "it's\r"])
      assert.throws(() => dotenvText([{ name: 'A', value }]), Misuse)
  })
})

describe('.properties', () => {
  it('is read as Java reads it', () => {
    const text = '# no\n! no\na=1\nb : two\nc three\nd\\:e=f\\\n   g\nempty\nu=\\u00fc\n'
    assert.deepEqual(Object.fromEntries(propertiesEntries(text).map(({ name, value }) => [name, value])), {
      a: '1',
      b: 'two',
      c: 'three',
      'd:e': 'fg',
      empty: '',
      u: 'ü',
    })
  })

  it('comes back as it was written', () => {
    const entries = awkward.flatMap((value, at) => [
      { name: `k${at}`, value },
      ...(value === '' ? [] : [{ name: value, value: 'v' }]),
    ])
    assert.deepEqual(propertiesEntries(propertiesText(entries)), entries)
  })
})

describe('JSON and YAML', () => {
  it('are flattened to the ground, lists too', () => {
    const tree = { Shop: { Greeting: 'Hello', Sizes: [1, 2], On: true, Off: null } }
    const flat = {
      'Shop:Greeting': 'Hello',
      'Shop:Sizes:0': '1',
      'Shop:Sizes:1': '2',
      'Shop:On': 'true',
      'Shop:Off': 'null',
    }
    assert.deepEqual(pairs(JSON.stringify(tree), 'json'), flat)
    assert.deepEqual(pairs('Shop:\n  Greeting: Hello\n  Sizes: [1, 2]\n  On: true\n  Off:\n', 'yaml'), flat)
  })

  it('keep numbers as they are written', () => {
    assert.deepEqual(pairs('{"a":1.10,"b":12345678901234567890}', 'json'), { a: '1.10', b: '12345678901234567890' })
    assert.deepEqual(pairs('a: 1.10\nb: 12345678901234567890\n1.5: x', 'yaml'), {
      a: '1.10',
      b: '12345678901234567890',
      '1.5': 'x',
    })
    assert.deepEqual(pairs('{"a":{"b":[1.10]}}', 'json', { depth: 1 }), { a: '{"b":[1.10]}' })
  })

  it('stay JSON below the depth that is said, and wholly where they are said to be JSON', () => {
    assert.deepEqual(pairs('{"a":{"b":{"c":"d"}}}', 'json', { depth: 2 }), { 'a:b': '{"c":"d"}' })
    assert.deepEqual(pairs('{"a":"x","b":1}', 'json', { contentType: 'application/json' }), { a: '"x"', b: '1' })
  })

  it('say what is empty, and ask for a separator where they need one', () => {
    assert.deepEqual(read('{"a":{},"b":[]}', 'json').withheld, [
      { name: 'a', reason: 'is empty' },
      { name: 'b', reason: 'is empty' },
    ])
    assert.throws(
      () =>
        contentOf(Buffer.from('{"a":{"b":"c"}}'), 'json', undefined, {
          separator: undefined,
          depth: 64,
          contentType: undefined,
        }),
      /--separator|values inside/,
    )
  })

  for (const [what, text, format] of [
    ['broken JSON', '{"a": hunter2}', 'json'],
    ['broken YAML', 'a: [hunter2\nb: }', 'yaml'],
    ['a name twice', 'hunter2: 1\nhunter2: 2', 'yaml'],
    ['two documents', 'a: hunter2\n---\nb: 1', 'yaml'],
    ['a list for a name', '? [hunter2]\n: 1', 'yaml'],
    ['text alone', '"hunter2"', 'json'],
    ['a bottomless list of JSON', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'json'],
    ['a bottomless list of YAML', `a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'yaml'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x61]), 'json'],
    [
      'aliases beyond measure',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\n${[...'bcdefg'].map((letter, at) => `${letter}: &${letter} [${Array(10).fill(`*${'abcdef'[at]}`).join(',')}]`).join('\n')}`,
      'yaml',
    ],
  ] as const) {
    it(`refuse ${what}, and repeat nothing of it`, () => {
      assert.throws(
        () =>
          contentOf(Buffer.from(text as string), format, undefined, {
            separator: ':',
            depth: 64,
            contentType: undefined,
          }),
        (error: Error) => error instanceof Misuse && !/hunter2/.test(error.message),
      )
    })
  }

  it('come back as they were written', () => {
    const entries = awkward.map((value, at) => ({ name: `a:b${at}`, value, contentType: undefined }))
    const tree = defaultTree(entries, ':')
    assert.deepEqual(read(JSON.stringify(tree), 'json').entries, entries)
    assert.deepEqual(read(yamlText(tree), 'yaml').entries, entries)
  })

  it('grow lists again from names that count, and values that are JSON', () => {
    const json = 'application/json'
    const entries = [
      { name: 'a:0', value: 'x' },
      { name: 'a:1', value: 'y' },
      { name: 'b:0', value: 'x' },
      { name: 'b:2', value: 'y' },
      { name: 'c', value: '{"d":[1.10]}', contentType: json },
      { name: 'e', value: 'no json', contentType: json },
    ]
    assert.equal(
      JSON.stringify(defaultTree(entries, ':')),
      '{"a":["x","y"],"b":{"0":"x","2":"y"},"c":{"d":[1.10]},"e":"no json"}',
    )
  })

  it('refuse a setting that is a leaf and a branch at once', () => {
    for (const names of [
      ['a', 'a:b'],
      ['a:b', 'a'],
    ])
      assert.throws(
        () =>
          defaultTree(
            names.map((name) => ({ name, value: 'x' })),
            ':',
          ),
        Misuse,
      )
  })

  it('have names that an object of JavaScript has anyway', () => {
    const text = '{"__proto__":{"constructor":"x"},"toString":"y"}'
    assert.deepEqual(
      read(text, 'json').entries.map(({ name, value }) => [name, value]),
      [
        ['__proto__:constructor', 'x'],
        ['toString', 'y'],
      ],
    )
  })
})

describe('the shapes of Azure’s own files', () => {
  const flag = { id: 'Beta', enabled: true, conditions: { client_filters: [] } }

  it('appconfig/default has feature flags in a section of their own', () => {
    const text = JSON.stringify({ a: 'b', feature_management: { feature_flags: [flag] } })
    const { entries } = read(text, 'json')
    assert.deepEqual(entries[1], {
      name: '.appconfig.featureflag/Beta',
      value: JSON.stringify(flag),
      contentType: 'application/vnd.microsoft.appconfig.ff+json;charset=utf-8',
    })
    assert.equal(JSON.stringify(defaultTree(entries, ':')), text)
    assert.throws(
      () => read('{"feature_management":{"feature_flags":[{"enabled":true}]}}', 'json'),
      /feature_flags\[0\] has no id/,
    )
  })

  it('appconfig/default of .NET and of az is understood too', () => {
    const filter = { Name: 'Microsoft.Percentage', Parameters: { Value: 50 } }
    const old = {
      On: true,
      Off: false,
      Never: { EnabledFor: [] },
      Always: { EnabledFor: [{ Name: 'AlwaysOn' }] },
      Half: { RequirementType: 'All', EnabledFor: [filter] },
    }
    const flags = (name: string, management: object) =>
      read(JSON.stringify({ [name]: management }), 'json').entries.map(({ value }) => JSON.parse(value))
    const half = [{ name: 'Microsoft.Percentage', parameters: { Value: 50 } }]
    assert.deepEqual(flags('FeatureManagement', old), [
      { id: 'On', enabled: true, conditions: { client_filters: [] } },
      { id: 'Off', enabled: false, conditions: { client_filters: [] } },
      { id: 'Never', enabled: false, conditions: { client_filters: [] } },
      { id: 'Always', enabled: true, conditions: { client_filters: [] } },
      { id: 'Half', enabled: true, conditions: { requirement_type: 'All', client_filters: half } },
    ])
    const underscored = { Half: { enabled_for: [{ name: 'Microsoft.Percentage', parameters: { Value: 50 } }] } }
    assert.deepEqual(flags('feature_management', underscored)[0].conditions.client_filters, half)
    for (const bad of [1, { Beta: 'x' }, { Beta: { EnabledFor: 'x' } }, { Beta: { EnabledFor: [{}] } }])
      assert.throws(() => read(JSON.stringify({ FeatureManagement: bad }), 'json'), Misuse)
  })

  it('appconfig/kvset has all that belongs to a setting', () => {
    const profile = 'appconfig/kvset'
    const entries = [{ name: 'a', value: 'b', label: 'de', contentType: 'text/plain', tags: { team: 'red' } }]
    assert.deepEqual(read(JSON.stringify(kvsetTree(entries)), 'json', { profile }).entries, entries)
    assert.deepEqual(read('{"items":[{"key":"a"}]}', 'json', { profile }).entries, [
      { name: 'a', value: '', label: undefined, contentType: undefined },
    ])
    for (const bad of [
      '{}',
      '{"items":[1]}',
      '{"items":[{"value":"x"}]}',
      '{"items":[{"key":"a","value":1}]}',
      '{"items":[{"key":"a","tags":{"b":1}}]}',
    ])
      assert.throws(() => read(bad, 'json', { profile }), Misuse, bad)
  })
})

describe('names', () => {
  const none = new Map<string, string>()
  it('become those of secrets', () => {
    assert.equal(secretNameFor('DB_PASSWORD', '', none), 'DB-PASSWORD')
    assert.equal(secretNameFor('app/db.password', 'x-', none), 'x-app-db-password')
    assert.equal(secretNameFor('Shop:Db', '', none), 'Shop--Db')
    assert.equal(secretNameFor('grün', '', none), undefined)
    assert.equal(secretNameFor('grün', 'x-', new Map([['grün', 'green']])), 'green')
    assert.equal(secretNameFor('a'.repeat(128), '', none), undefined)
  })

  it('are found again as variables', () => {
    assert.equal(variableNameFor('DB-PASSWORD', { [originalNameTag]: 'DB_PASSWORD' }), 'DB_PASSWORD')
    assert.equal(variableNameFor('shop-db', { [originalNameTag]: 'shop/db' }), 'shop_db')
  })

  it('of files say what they are', () => {
    const all = ['.env', '.env.local', 'prod.env', 'a.json', 'a.yml', 'a.properties'].map((file) =>
      formatOf(file, undefined),
    )
    assert.deepEqual(all, ['env', 'env', 'env', 'json', 'yaml', 'properties'])
    assert.throws(() => formatOf('a.txt', undefined), /--format/)
  })
})
