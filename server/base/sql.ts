import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Recall } from './recall.ts'

/**
 * SQL, typed and visible. Kysely writes the text; our connections run it. A statement is written once for each engine
 * and kept prepared, because writing it anew costs more than running it (15–20 µs against 2–5 µs on SQLite).
 */
export type Engine = 'sqlite' | 'postgres'
export type Value = string | number | null | Uint8Array

/** Where statements run: inside a turn of the writer, or against what is committed. */
export interface Sql {
  readonly engine: Engine
  /** What needn't be read again, where committed state is read and nobody else changes it. */
  readonly recall?: Recall
  /** `key` names a statement that is kept prepared; without it the text is prepared for this one time. */
  run(text: string, values: readonly Value[], key?: string): Promise<{ rows: unknown[]; changes: number }>
}

const dialects = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
} as const
const writers = {
  sqlite: new Kysely<never>({ dialect: dialects.sqlite }),
  postgres: new Kysely<never>({ dialect: dialects.postgres }),
}

/** A place in a statement where a value comes later. */
class Given {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

let statements = 0

type Builder<T> = { [engine in Engine]: Kysely<T> }
type Placeholders<P> = <K extends keyof P & string>(name: K) => P[K]

type Statement<P, R> = {
  /** All rows. */
  all(sql: Sql, given: P): Promise<R[]>
  /** The first row, if any. */
  first(sql: Sql, given: P): Promise<R | undefined>
  /** How many rows it changed. */
  changed(sql: Sql, given: P): Promise<number>
}

/** A statement with named values, written by Kysely at its first use and prepared from then on. */
export function statement<T, P extends Record<string, Value>, R = never>(
  build: (db: Kysely<T>, given: Placeholders<P>, engine: Engine) => Compilable<R>,
): Statement<P, R> {
  const key = `s${++statements}`
  const written: { [engine in Engine]?: { text: string; order: readonly unknown[] } } = {}
  const write = (engine: Engine) => {
    const given = (name: string) => new Given(name) as never
    const { sql, parameters } = build((writers as unknown as Builder<T>)[engine], given, engine).compile()
    return { text: sql, order: parameters }
  }
  const run = (sql: Sql, given: P) => {
    let made = written[sql.engine]
    if (made === undefined) {
      made = write(sql.engine)
      written[sql.engine] = made
    }
    const values = made.order.map((item) => (item instanceof Given ? given[item.name] : item) as Value)
    return sql.run(made.text, values, key)
  }
  return {
    all: async (sql, given) => (await run(sql, given)).rows as R[],
    first: async (sql, given) => (await run(sql, given)).rows[0] as R | undefined,
    changed: async (sql, given) => (await run(sql, given)).changes,
  }
}

/** A statement whose text depends on the request: written each time. */
export async function query<T, R>(sql: Sql, build: (db: Kysely<T>, engine: Engine) => Compilable<R>): Promise<R[]> {
  const { sql: text, parameters } = build((writers as unknown as Builder<T>)[sql.engine], sql.engine).compile()
  return (await sql.run(text, parameters as Value[])).rows as R[]
}
