/**
 * What `.realtime({ … })` of the builder takes: sizes and times, never who may hear what (that is said at the router).
 * `create()` calls `resolveSettings` once; hub and log get the result.
 */
import { definitionError } from '../error.js'
import { checkOptions } from '../options.js'
import { defaultHeartbeat } from '../protocol.js'

export interface RealtimeSettings {
  /** What the log keeps, so that clients that were away can catch up. Whichever limit is reached first counts. */
  readonly history?: {
    /** Events, 1 or more. 10,000 unless given. */
    readonly events?: number
    /** Age in minutes, above 0. 10 unless given. */
    readonly minutes?: number
    /** Megabytes of message text, above 0; for the memory log. 64 unless given. */
    readonly megabytes?: number
  }
  /** Milliseconds between heartbeats, above 0. 15,000 unless given. A connection that took in nothing between two is cut. */
  readonly heartbeat?: number
  /** Connections of this process at the same time, 1 or more; `Infinity` lifts a limit. */
  readonly limits?: {
    /** For each identity; those without one are not counted. 100 unless given. Beyond: 429. */
    readonly perIdentity?: number
    /** For each address, where the door knows it. No limit unless given. Beyond: 429. */
    readonly perAddress?: number
    /** Altogether. 50,000 unless given. Beyond: 503. */
    readonly process?: number
  }
  /**
   * Bytes that may wait for one connection, 16,384 or more (doors take that much anyway); 262,144 (256 KiB) unless given.
   * Who falls further behind is cut and resumes. A resuming connection is sent at most half as much; beyond, `reset`.
   */
  readonly buffer?: number
  /** Milliseconds after which a connection is ended at the latest, so that its client is judged anew. 600,000 (10 minutes) unless given. */
  readonly recycle?: number
}

/** The settings with every default filled in. */
export interface ResolvedSettings {
  readonly history: { readonly events: number; readonly minutes: number; readonly megabytes: number }
  readonly heartbeat: number
  readonly limits: { readonly perIdentity: number; readonly perAddress: number; readonly process: number }
  readonly buffer: number
  readonly recycle: number
}

/** The longest delay that timers of JavaScript can wait. */
const longestDelay = 2 ** 31 - 1

/** Fills in the defaults. Throws INVALID_DEFINITION for a value that cannot be meant. */
export function resolveSettings(settings: RealtimeSettings = {}): ResolvedSettings {
  const { history, heartbeat, limits, buffer, recycle } = settings
  checkOptions('realtime', settings, ['history', 'heartbeat', 'limits', 'buffer', 'recycle'])
  checkOptions('realtime.history', history ?? {}, ['events', 'minutes', 'megabytes'])
  checkOptions('realtime.limits', limits ?? {}, ['perIdentity', 'perAddress', 'process'])
  return {
    history: {
      events: whole('history.events', history?.events ?? 10_000, 1),
      minutes: above0('history.minutes', history?.minutes ?? 10),
      megabytes: above0('history.megabytes', history?.megabytes ?? 64),
    },
    heartbeat: delay('heartbeat', heartbeat ?? defaultHeartbeat),
    limits: {
      perIdentity: limit('limits.perIdentity', limits?.perIdentity ?? 100),
      perAddress: limit('limits.perAddress', limits?.perAddress ?? Infinity),
      process: limit('limits.process', limits?.process ?? 50_000),
    },
    buffer: whole('buffer', buffer ?? 256 * 1024, 16 * 1024),
    recycle: delay('recycle', recycle ?? 600_000),
  }
}

const refuse = (name: string, value: unknown, mend: string) =>
  definitionError(`realtime({ ${name} })`, `${String(value)} cannot be used.`, mend)

function whole(name: string, value: number, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) throw refuse(name, value, `Give a whole number, ${least} or more.`)
  return value
}

function above0(name: string, value: number): number {
  if (!(typeof value === 'number' && value > 0)) throw refuse(name, value, 'Give a number above 0.')
  return value
}

function delay(name: string, value: number): number {
  if (above0(name, value) > longestDelay) throw refuse(name, value, `Give milliseconds, at most ${longestDelay}.`)
  return value
}

function limit(name: string, value: number): number {
  return value === Infinity ? value : whole(name, value, 1)
}
