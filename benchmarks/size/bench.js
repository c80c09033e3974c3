/** `npm run bench -- size`: bytes of a browser bundle that makes two calls, ours beside the peers and a client by hand. */
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { listContenders } from '../contenders.js'
import { publish, table } from '../report.js'

const folder = new URL('contenders/', import.meta.url)

async function bundle({ name, path }) {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['react', 'react-dom', 'react/jsx-runtime'],
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    logLevel: 'silent',
  })
  const [{ contents }] = outputFiles
  return {
    name,
    min: contents.length,
    gzip: gzipSync(contents, { level: 9 }).length,
    brotli: brotliCompressSync(contents).length,
  }
}

/** Runs the benchmark; gives whether every bundle was built. */
export async function benchSize({ only, check }) {
  const rows = []
  const failures = []
  for (const contender of listContenders(folder, only)) {
    try {
      rows.push(await bundle(contender))
    } catch (error) {
      failures.push(`- ${contender.name} was not built: ${error.message.slice(0, 400)}`)
    }
  }
  rows.sort((a, b) => a.gzip - b.gzip)
  const body = rows.map((row) => [row.name, row.min, row.gzip, row.brotli])
  const parts = ['## Client size', 'esbuild, es2022, minified', table(['client', 'bytes', 'gzip', 'brotli'], body)]
  if (failures.length > 0) parts.push(failures.join('\n'))
  if (check) console.log(failures.join('\n') || `✓ ${rows.length} bundles`)
  else publish('size', parts.join('\n\n'), { rows, failures })
  return failures.length === 0
}
