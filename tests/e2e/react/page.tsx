/** What the React tests look at, rendered by their server and taken over by the browser: each part shows one hook. */
import { createIgniterReact, IgniterProvider, useConnectionState, useRealtime } from '@igniter-js/react'
import { type QueryClient, skipToken, useQueryClient } from '@tanstack/react-query'
import { StrictMode, Suspense, useState } from 'react'
import type { AppRouter } from './router.ts'

export const createApi = (options: Parameters<typeof createIgniterReact>[0]) => createIgniterReact<AppRouter>(options)
export type Api = ReturnType<typeof createApi>

interface AppProps {
  readonly api: Api
  /** The part to show: the page's path. */
  readonly part: string
  /** Without one, the provider makes its own. */
  readonly cache?: QueryClient
}

export function App({ api, part, cache }: AppProps) {
  const Part = parts[part]
  return (
    <StrictMode>
      <IgniterProvider client={api} {...(cache && { queryClient: cache })}>
        <Connection />
        {Part && <Part api={api} />}
      </IgniterProvider>
    </StrictMode>
  )
}

interface PartProps {
  readonly api: Api
}

const Connection = () => <p id="connection">{useConnectionState()}</p>

function List({ api }: PartProps) {
  const { data, error, isPending } = api.posts.list.useQuery()
  if (isPending) return <p>Loading</p>
  if (error) return <p role="alert">{error.code}</p>
  return (
    <ul>
      {data.map(({ id, title, at }) => (
        <li key={String(id)}>
          {title} ({typeof id}, {at.getUTCFullYear()})
        </li>
      ))}
    </ul>
  )
}

function Rename({ api }: PartProps) {
  const cache = useQueryClient()
  const key = api.posts.list.queryKey()
  const { mutate, error } = api.posts.rename.useMutation({
    onMutate: async ({ params, body }) => {
      await cache.cancelQueries({ queryKey: key })
      const before = cache.getQueryData(key)
      cache.setQueryData(key, (posts) =>
        posts?.map((post) => (String(post.id) === params.id ? { ...post, title: body.title } : post)),
      )
      return before
    },
    onError: (_error, _input, before) => cache.setQueryData(key, before),
  })
  const rename = (title: string) => mutate({ params: { id: '1' }, body: { title } })
  return (
    <>
      <List api={api} />
      {['renamed', 'forbidden', ''].map((title) => (
        <button key={title} type="button" onClick={() => rename(title)}>
          Rename to “{title}”
        </button>
      ))}
      {error && <p role="alert">{error.code === 'CONFLICT' ? error.message : error.code}</p>}
    </>
  )
}

function Detail({ api }: PartProps) {
  const [id, setId] = useState<string>()
  const { data, error, fetchStatus } = api.posts.get.useQuery(id ? { params: { id } } : skipToken, { retry: false })
  return (
    <>
      <p id="detail">{error ? `${error.code}: ${error.message}` : (data?.title ?? fetchStatus)}</p>
      {['1', '9'].map((id) => (
        <button key={id} type="button" onClick={() => setId(id)}>
          Show {id}
        </button>
      ))}
    </>
  )
}

function Pages({ api }: PartProps) {
  const { data, hasNextPage, fetchNextPage } = api.posts.page.useInfiniteQuery(
    (after: bigint | undefined) => ({ query: { after } }),
    { initialPageParam: undefined, getNextPageParam: (posts) => posts[1]?.id },
  )
  return (
    <>
      <p id="pages">{data?.pages.map((posts) => posts.map(({ title }) => title).join()).join(' | ')}</p>
      {hasNextPage && (
        <button type="button" onClick={() => void fetchNextPage()}>
          More
        </button>
      )}
    </>
  )
}

const Titles = ({ api }: PartProps) => (
  <p id="titles">
    {api.posts.list.useSuspenseQuery({}, { select: (posts) => posts.map(({ title }) => title) }).data.join()}
  </p>
)

const Suspended = ({ api }: PartProps) => (
  <Suspense fallback={<p>Waiting</p>}>
    <Titles api={api} />
  </Suspense>
)

function Ticks({ api }: PartProps) {
  const [room, setRoom] = useState('a')
  const [isShown, show] = useState(true)
  return (
    <>
      {isShown && <Room api={api} room={room} />}
      <button type="button" onClick={() => setRoom('b')}>
        Room b
      </button>
      <button type="button" onClick={() => show(false)}>
        Leave
      </button>
    </>
  )
}

function Room({ api, room }: PartProps & { readonly room: string }) {
  const { status, events } = api.posts.ticks.useStream({ query: { room } })
  return (
    <p id="room">
      {status} {events.map(({ data }) => JSON.stringify(data)).join()}
    </p>
  )
}

function Chat() {
  const [heard, setHeard] = useState<readonly unknown[]>([])
  const [refused, setRefused] = useState(false)
  useRealtime('chat:1', (text) => setHeard([...heard, text]))
  useRealtime('chat:secret', () => {}, { onRefused: () => setRefused(true) })
  return (
    <p id="chat">
      {heard.join(' ')} {refused && 'refused'}
    </p>
  )
}

function Upload({ api }: PartProps) {
  const { data, mutate } = api.posts.upload.useMutation()
  return (
    <>
      <input type="file" onChange={({ target }) => target.files?.[0] && mutate({ body: { file: target.files[0] } })} />
      <p id="uploaded">{data}</p>
    </>
  )
}

const parts: Readonly<Record<string, (props: PartProps) => React.ReactNode>> = {
  list: List,
  rename: Rename,
  detail: Detail,
  pages: Pages,
  suspended: Suspended,
  ticks: Ticks,
  chat: Chat,
  upload: Upload,
}
