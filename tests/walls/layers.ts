/**
 * The layers of packages/core/src, lowest first, and what each package may import. A file imports from its own layer
 * and from those below it, never from one above and never in a circle. docs/architecture.md tells why.
 */

/** Files of packages/core/src without `.ts`; `*` stands for one name. Every file is in exactly one layer. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  leaves: [
    'error',
    'clock',
    'headers',
    'exchange',
    'codec',
    'protocol',
    'event-stream',
    'cookies',
    'cors',
    'origin',
    'json',
    'query',
    'redact',
    'gathering',
    'closest',
    'options',
    'heartbeat',
    'deadlines',
    'later',
    'context',
  ],
  ports: [
    'standard-schema',
    'json-schema',
    'json-shape',
    'coercion',
    'schema',
    'logger',
    'telemetry',
    'store/store',
    'realtime/realtime',
    'realtime/log',
  ],
  'request and response': ['body', 'input', 'request', 'response', 'stream', 'stream-event', 'generator', 'outlet'],
  definitions: [
    'config',
    'docs',
    'action',
    'procedure',
    'controller',
    'mistakes',
    'routes',
    'router',
    'define',
    'infer',
  ],
  engines: ['store/*', 'realtime/*'],
  dispatch: [
    'running',
    'app',
    'call',
    'failure',
    'procedures',
    'validate',
    'reply',
    'effects',
    'locate',
    'supervise',
    'dispatch',
  ],
  igniter: ['fetch', 'caller', 'rate-limit', 'health', 'igniter'],
  doors: ['index', 'node', 'node/*', 'next', 'testing/*'],
}

/** Files of core that the client shares: all that its bundle may hold of the server's package. */
export const wire: readonly string[] = ['protocol', 'codec']

/**
 * What the sources of each package may import beside their own files. Node's modules are on Bun and Deno too; the
 * client has none of them, since it runs in browsers.
 */
export const packages: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  core: [/^node:/],
  client: ['@igniter-js/core', '@igniter-js/core/protocol'],
  react: ['@igniter-js/core', '@igniter-js/core/protocol', '@igniter-js/client', '@tanstack/react-query', 'react'],
}
