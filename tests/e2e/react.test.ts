/** `@igniter-js/react` in a real browser against a real server: hooks, races, server rendering. Nothing sleeps. */
import { QueryClient } from '@tanstack/react-query'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchChromium } from './chromium.ts'
import { createBoard } from './react/router.ts'
import { importOnServer } from './react/server-component.ts'
import { servePage } from './react/server.tsx'

const board = createBoard()
let server: Awaited<ReturnType<typeof servePage>>
let browser: Browser
/** What the pages said was wrong, except for answers that failed on purpose. */
let complaints: string[] = []

beforeAll(async () => {
  ;[server, browser] = await Promise.all([servePage(board.AppRouter), launchChromium()])
})

beforeEach(() => board.reset())

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(complaints).toEqual([])
  complaints = []
  // Pages that are gone leave nothing behind.
  await expect.poll(async () => (await board.connections()).length).toBe(0)
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

async function open(path: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() === 'error' && !text.startsWith('Failed to load resource')) complaints.push(text)
  })
  await page.goto(server.url + path, { waitUntil: 'commit' })
  return page
}

const live = (page: Page) => page.locator('#connection', { hasText: 'live' }).waitFor()
const items = (page: Page) => page.getByRole('listitem').allInnerTexts()
const text = (page: Page, id: string) => page.locator(`#${id}`).innerText()
const button = (page: Page, name: string) => page.getByRole('button', { name }).click()

describe('queries', () => {
  test('load, and follow the server over one connection', async () => {
    const page = await open('/list')
    await live(page)
    await expect.poll(() => items(page)).toEqual(['one (bigint, 2026)', 'two (bigint, 2026)', 'three (bigint, 2026)'])
    expect(board.asked).toEqual(['list'])
    expect(await board.connections()).toHaveLength(1)
    await board.change(2n, 'zwei')
    await expect.poll(() => items(page)).toContain('zwei (bigint, 2026)')
    expect(board.asked).toEqual(['list', 'list'])
  })

  test('may be skipped, and give the action’s errors', async () => {
    const page = await open('/detail')
    await live(page)
    expect(await text(page, 'detail')).toBe('idle')
    await button(page, 'Show 1')
    await expect.poll(() => text(page, 'detail')).toBe('one')
    await button(page, 'Show 9')
    await expect.poll(() => text(page, 'detail')).toBe('NOT_FOUND: There is no such post.')
    expect(board.asked).toEqual(['get', 'get'])
  })

  test('come in pages, and all pages follow', async () => {
    const page = await open('/pages')
    await live(page)
    await button(page, 'More')
    await expect.poll(() => text(page, 'pages')).toBe('one,two | three')
    await board.change(3n, 'drei')
    await expect.poll(() => text(page, 'pages')).toBe('one,two | drei')
  })

  test('suspend', async () => {
    const release = board.hold('list')
    const page = await open('/suspended')
    await page.getByText('Waiting').waitFor()
    release()
    await expect.poll(() => text(page, 'titles')).toBe('one,two,three')
    await live(page)
    await board.change(1n, 'eins')
    await expect.poll(() => text(page, 'titles')).toBe('eins,two,three')
  })
})

describe('mutations', () => {
  test('show their effect at once, and refetch once when they are done', async () => {
    const page = await open('/rename')
    await live(page)
    await expect.poll(() => items(page)).toHaveLength(3)
    board.asked.length = 0
    const release = board.hold('rename')
    await button(page, 'Rename to “renamed”')
    await expect.poll(() => items(page)).toContain('renamed (bigint, 2026)')
    expect(board.asked).not.toContain('list')
    release()
    await expect.poll(() => board.asked).toEqual(['rename', 'list'])
    // Events come in order: had the mutation's own been taken for news, there would be one fetch more by now.
    await board.change(2n, 'zwei')
    await expect.poll(() => items(page)).toContain('zwei (bigint, 2026)')
    expect(board.asked).toEqual(['rename', 'list', 'list'])
  })

  test('are taken back when they fail, with the code to tell why', async () => {
    const page = await open('/rename')
    await live(page)
    await expect.poll(() => items(page)).toHaveLength(3)
    const release = board.hold('rename')
    await button(page, 'Rename to “forbidden”')
    await expect.poll(() => items(page)).toContain('forbidden (bigint, 2026)')
    release()
    await page.getByText('Not this one.').waitFor()
    expect((await items(page))[0]).toBe('one (bigint, 2026)')
    await button(page, 'Rename to “”')
    await page.getByText('VALIDATION_ERROR').waitFor()
  })

  test('carry files', async () => {
    const page = await open('/upload')
    const file = { name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }
    await page.locator('input[type=file]').setInputFiles(file)
    await expect.poll(() => text(page, 'uploaded')).toBe('a.txt: hello')
  })
})

describe('races', () => {
  test('a slow old answer never overwrites a newer one', async () => {
    const page = await open('/list')
    await live(page)
    await expect.poll(() => items(page)).toHaveLength(3)
    const release = board.hold('list')
    await board.change(1n, 'older')
    await expect.poll(() => board.asked).toEqual(['list', 'list'])
    // The answer that is held was made before this change.
    release()
    const releaseAgain = board.hold('list')
    await board.change(1n, 'newer')
    await expect.poll(() => board.asked.length).toBeGreaterThan(2)
    releaseAgain()
    await expect.poll(() => items(page)).toContain('newer (bigint, 2026)')
  })

  test('a change during the first load is seen', async () => {
    const release = board.hold('list')
    const page = await open('/list')
    await live(page)
    await expect.poll(() => board.asked).toEqual(['list'])
    await board.change(1n, 'eins')
    release()
    await expect.poll(() => items(page)).toContain('eins (bigint, 2026)')
    expect(board.asked).toEqual(['list', 'list'])
  })
})

describe('server rendering', () => {
  test('is taken over without asking again', async () => {
    const page = await open('/list?render')
    await live(page)
    expect(await items(page)).toEqual(['one (bigint, 2026)', 'two (bigint, 2026)', 'three (bigint, 2026)'])
    await board.change(1n, 'eins')
    await expect.poll(() => items(page)).toContain('eins (bigint, 2026)')
    // Once by the server that rendered, once for the change.
    expect(board.asked).toEqual(['list', 'list'])
  })

  test('misses nothing that changed before the page was live', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    let run = () => {}
    await page.route('**/page.js', async (route) => {
      await new Promise<void>((resolve) => (run = resolve))
      await route.continue()
    })
    await page.goto(`${server.url}/list?render`, { waitUntil: 'commit' })
    await expect.poll(() => items(page)).toContain('one (bigint, 2026)')
    await board.change(1n, 'eins')
    run()
    await expect.poll(() => items(page)).toContain('eins (bigint, 2026)')
  })

  test('opens nothing on the server', async () => {
    const answer = await fetch(`${server.url}/chat?render`)
    expect(await answer.text()).toContain('<p id="connection">idle</p>')
    expect(await board.connections()).toHaveLength(0)
    expect((await fetch(`${server.url}/ticks?render`)).status).toBe(200)
    expect(board.streams()).toBe(0)
  })
})

describe('server components', () => {
  test('have the options, and none of the hooks', async () => {
    const api = await importOnServer(board.AppRouter)
    const cache = new QueryClient()
    expect(await cache.query(api.posts.get.queryOptions({ params: { id: '1' } }))).toMatchObject({ title: 'one' })
    expect(() => api.posts.list.useQuery()).toThrow('a client component')
  })
})

describe('streams', () => {
  test('are read while they are shown, begun anew for other input, and ended', async () => {
    const page = await open('/ticks')
    await expect.poll(() => text(page, 'room')).toBe('live {"room":"a","at":"1970-01-01T00:00:00.000Z"}')
    expect(board.streams()).toBe(1)
    await button(page, 'Room b')
    await expect.poll(() => text(page, 'room')).toBe('live {"room":"b","at":"1970-01-01T00:00:00.000Z"}')
    await expect.poll(board.streams).toBe(1)
    await button(page, 'Leave')
    await expect.poll(board.streams).toBe(0)
  })
})

describe('channels', () => {
  test('are heard with the handler of the last render; a refusal is told', async () => {
    const page = await open('/chat')
    await live(page)
    await expect.poll(() => text(page, 'chat')).toContain('refused')
    await board.publish('chat:1', 'hello')
    await expect.poll(() => text(page, 'chat')).toBe('hello refused')
    await board.publish('chat:secret', 'psst')
    await board.publish('chat:1', 'again')
    await expect.poll(() => text(page, 'chat')).toBe('hello again refused')
    expect(await board.connections()).toHaveLength(1)
  })
})
