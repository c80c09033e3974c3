/**
 * The logger port, in the shape of pino's, and the default that writes to the console. The framework wraps whatever
 * logger the app gives in `withRedaction`, so that nothing it logs itself can hold a secret.
 */
import { type Clock, systemClock } from './clock.js'
import { definitionError } from './error.js'
import { isError, redact } from './redact.js'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** Writes one entry: a message, or fields (an error counts as the field `err`) and a message. */
export interface LogMethod {
  (message: string): void
  (fields: object, message?: string): void
}

/** What the framework asks of a logger. A pino logger fits as it is. */
export interface Logger {
  readonly trace: LogMethod
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
  /** A logger whose entries all carry `bindings`. */
  child(bindings: Record<string, unknown>): Logger
  /** Asked, where it exists, before fields are copied. */
  isLevelEnabled?(level: LogLevel): boolean
}

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

export interface ConsoleLoggerOptions {
  /** The lowest level that is written; `silent` writes nothing. `info` unless given. */
  readonly level?: LogLevel | 'silent'
  /** Readable text instead of JSON. Unless given: true when `NODE_ENV` is not `production`. */
  readonly pretty?: boolean
  /** Where entries go. Unless given: `console.error` for error and fatal, `console.warn` for warn, else `console.log`. */
  readonly write?: (line: string, level: LogLevel) => void
  readonly clock?: Clock
}

/**
 * A logger for the console, one line for each entry (in readable text an error's stack follows, indented), redacted.
 * JSON lines begin with `level` (a word), `time` (ISO 8601) and `msg`. Its methods never throw.
 * Throws INVALID_DEFINITION for an unknown level.
 */
export function consoleLogger(options: ConsoleLoggerOptions = {}): Logger {
  const { level = 'info', pretty = !inProduction(), write = writeToConsole, clock = systemClock } = options
  const lowest = [...levels, 'silent'].indexOf(level)
  if (lowest === -1) {
    throw definitionError(
      'consoleLogger',
      `level ${JSON.stringify(level)} is unknown.`,
      `Use ${levels.join(', ')} or silent.`,
    )
  }
  const format = pretty ? toText : toJson
  const isLevelEnabled = (asked: LogLevel) => levels.indexOf(asked) >= lowest
  const make = (bindings: Fields): Logger =>
    build(
      isLevelEnabled,
      (bound) => make({ ...bindings, ...bound }),
      (at, fields, message) => {
        write(format(at, new Date(clock.wall()), { ...bindings, ...fields }, message), at)
      },
    )
  return make({})
}

/** The same logger, with every field, binding and message redacted first. Its methods never throw; wrapping twice is harmless. */
export function withRedaction(logger: Logger): Logger {
  if (redacting in logger) return logger
  return build(
    (level) => logger.isLevelEnabled?.(level) ?? true,
    (bindings) => withRedaction(logger.child(bindings)),
    (level, fields, message) => {
      if (fields === undefined) logger[level](message ?? '')
      else if (message === undefined) logger[level](fields)
      else logger[level](fields, message)
    },
  )
}

type Fields = Record<string, unknown>
type Emit = (level: LogLevel, fields: Fields | undefined, message: string | undefined) => void

/** Marks loggers that redact. */
const redacting = Symbol.for('igniter.logger.redacting')

function build(isLevelEnabled: (level: LogLevel) => boolean, child: (bindings: Fields) => Logger, emit: Emit): Logger {
  const method =
    (level: LogLevel): LogMethod =>
    (first: object | string, message?: string) => {
      try {
        if (!isLevelEnabled(level)) return
        if (typeof first === 'string') return emit(level, undefined, redact(first) as string)
        emit(level, toFields(first), message === undefined ? undefined : String(redact(message)))
      } catch {
        // A logger that fails must not fail the work it reports on.
      }
    }
  const logger: Logger & { readonly [redacting]: true } = {
    [redacting]: true,
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    isLevelEnabled,
    child(bindings) {
      try {
        return child(toFields(bindings))
      } catch {
        return logger
      }
    },
  }
  return logger
}

function toFields(value: unknown): Fields {
  const copy = redact(value)
  if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) return { value: copy }
  return isError(value) ? { err: copy } : (copy as Fields)
}

function toJson(level: LogLevel, time: Date, fields: Fields, message = ''): string {
  // First for the reader, last so that no field can pose as them.
  const head = { level, time: time.toISOString(), msg: message }
  return JSON.stringify(Object.assign({}, head, fields, head))
}

function toText(level: LogLevel, time: Date, fields: Fields, message = ''): string {
  const { err, ...others } = fields
  let line = `${time.toISOString().slice(11, 23)} ${level.toUpperCase().padEnd(5)}`
  if (message !== '') line += ` ${oneLine(message)}`
  for (const [name, value] of Object.entries(others)) line += ` ${oneLine(name)}=${toWord(value)}`
  return err === undefined ? line : line + toStack(err)
}

const toWord = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"=]+$/.test(value) ? oneLine(value) : oneLine(JSON.stringify(value) ?? 'undefined')

/** An error below its entry. Each line is indented, so that no text inside can pose as an entry. */
function toStack(err: unknown, depth = 1): string {
  const indent = `\n${'  '.repeat(depth)}`
  if (typeof err !== 'object' || err === null) return indent + toWord(err)
  const { type, message, stack, cause, ...others } = err as Fields
  const lines = typeof stack === 'string' ? stack.split(/\r\n|\r|\n/) : [`${String(type)}: ${String(message)}`]
  const more = Object.keys(others).length === 0 ? '' : indent + toWord(others)
  const because = cause === undefined ? '' : `${indent}caused by${toStack(cause, depth + 1)}`
  return lines.map((line) => indent + oneLine(line)).join('') + more + because
}

/** Text that cannot begin a line or drive a terminal. */
const oneLine = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (char) =>
    char === '\n' ? '\\n' : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

function writeToConsole(line: string, level: LogLevel): void {
  if (level === 'error' || level === 'fatal') console.error(line)
  else if (level === 'warn') console.warn(line)
  else console.log(line)
}

/** Workers at the edge have no `process`. */
const inProduction = (): boolean => globalThis.process?.env?.NODE_ENV === 'production'
