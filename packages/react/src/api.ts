/**
 * The types of what `createIgniterReact` gives. They are read off the plain client's, action by action, when an action is
 * touched; the interfaces here are what an editor shows.
 */
import type { Client } from '@igniter-js/client'
import type { CallError, RouterTypes } from '@igniter-js/core'
import type {
  DataTag,
  DefinedUseQueryResult,
  InfiniteData,
  QueryFunction,
  SkipToken,
  UseInfiniteQueryOptions,
  UseInfiniteQueryResult,
  UseMutationOptions,
  UseMutationResult,
  UseQueryOptions,
  UseQueryResult,
  UseSuspenseInfiniteQueryOptions,
  UseSuspenseInfiniteQueryResult,
  UseSuspenseQueryOptions,
  UseSuspenseQueryResult,
} from '@tanstack/react-query'
import type { UseStreamOptions, UseStreamResult } from './use-stream.js'

/** What this package fills in itself. */
type Own = 'queryKey' | 'queryFn' | 'queryHash' | 'queryKeyHashFn'

/** `[controller, action, input]`; of an infinite query the input is its first page's, and `'infinite'` follows. */
export type ActionKey<Input> = readonly [controller: string, action: string, input: Input, infinite?: 'infinite']

/** A key that knows the data and the error behind it: `queryClient.getQueryData(key)` is typed by it. */
export type TaggedKey<Input, Data, Err> = DataTag<ActionKey<Input>, Data, Err>

/** What `useQuery` takes beside the input: TanStack's options. */
export interface QueryExtras<Input, Data, Err, Selected>
  extends Omit<UseQueryOptions<Data, Err, Selected, ActionKey<Input>>, Own> {}
export interface SuspenseQueryExtras<Input, Data, Err, Selected>
  extends Omit<UseSuspenseQueryOptions<Data, Err, Selected, ActionKey<Input>>, Own> {}
export interface InfiniteQueryExtras<Input, Data, Err, Selected, Page>
  extends Omit<UseInfiniteQueryOptions<Data, Err, Selected, ActionKey<Input>, Page>, Own> {}
export interface SuspenseInfiniteQueryExtras<Input, Data, Err, Selected, Page>
  extends Omit<UseSuspenseInfiniteQueryOptions<Data, Err, Selected, ActionKey<Input>, Page>, Own> {}
export interface MutationExtras<Input, Data, Err, Context>
  extends Omit<UseMutationOptions<Data, Err, Input, Context>, 'mutationFn' | 'mutationKey'> {}

/** Complete options for whatever of TanStack takes them: `useQuery`, `useQueries`, `queryClient.query`, … */
export interface ActionQueryOptions<Input, Data, Err, Selected> extends QueryExtras<Input, Data, Err, Selected> {
  readonly queryKey: TaggedKey<Input, Data, Err>
  readonly queryFn: QueryFunction<Data, ActionKey<Input>>
}
export interface ActionInfiniteQueryOptions<Input, Data, Err, Selected, Page>
  extends InfiniteQueryExtras<Input, Data, Err, Selected, Page> {
  readonly queryKey: TaggedKey<Input, InfiniteData<Data, Page>, Err>
  readonly queryFn: QueryFunction<Data, ActionKey<Input>, Page>
}
export interface ActionMutationOptions<Input, Data, Err, Context> extends MutationExtras<Input, Data, Err, Context> {
  readonly mutationKey: readonly [controller: string, action: string]
  readonly mutationFn: (input: Input) => Promise<Data>
}

/** Input may be left out when all of it may be. */
type Arguments<Input, Extras> = {} extends Input ? [input?: Input, options?: Extras] : [input: Input, options?: Extras]
type SkippableArguments<Input, Extras> = {} extends Input
  ? [input?: Input | SkipToken, options?: Extras]
  : [input: Input | SkipToken, options?: Extras]
/** A mutation's input, for `mutate()` without any. */
type Variables<Input> = {} extends Input ? Input | void : Input

/** What a query has beside `.query()`. */
export interface QueryHooks<Input, Data, Err> {
  /** The query's key. Without input, a filter that matches the action's queries whatever their input. */
  queryKey(input?: Input): TaggedKey<Input, Data, Err>
  queryOptions<Selected = Data>(
    ...args: Arguments<Input, QueryExtras<Input, Data, Err, Selected>>
  ): ActionQueryOptions<Input, Data, Err, Selected>
  /** `input` makes a page's input from its page parameter. */
  infiniteQueryOptions<Page, Selected = InfiniteData<Data, Page>>(
    input: (page: Page) => Input,
    options: InfiniteQueryExtras<Input, Data, Err, Selected, Page>,
  ): ActionInfiniteQueryOptions<Input, Data, Err, Selected, Page>

  /** TanStack's `useQuery`. `skipToken` instead of the input: not yet. */
  useQuery<Selected = Data>(
    input: {} extends Input ? Input | SkipToken | undefined : Input | SkipToken,
    options: QueryExtras<Input, Data, Err, Selected> & { readonly initialData: Data | (() => Data) },
  ): DefinedUseQueryResult<Selected, Err>
  useQuery<Selected = Data>(
    ...args: SkippableArguments<Input, QueryExtras<Input, Data, Err, Selected>>
  ): UseQueryResult<Selected, Err>
  useSuspenseQuery<Selected = Data>(
    ...args: Arguments<Input, SuspenseQueryExtras<Input, Data, Err, Selected>>
  ): UseSuspenseQueryResult<Selected, Err>
  /** `input` makes a page's input from its page parameter. */
  useInfiniteQuery<Page, Selected = InfiniteData<Data, Page>>(
    input: (page: Page) => Input,
    options: InfiniteQueryExtras<Input, Data, Err, Selected, Page>,
  ): UseInfiniteQueryResult<Selected, Err>
  useSuspenseInfiniteQuery<Page, Selected = InfiniteData<Data, Page>>(
    input: (page: Page) => Input,
    options: SuspenseInfiniteQueryExtras<Input, Data, Err, Selected, Page>,
  ): UseSuspenseInfiniteQueryResult<Selected, Err>
}

/** What a mutation has beside `.mutate()`. */
export interface MutationHooks<Input, Data, Err> {
  mutationOptions<Context = unknown>(
    options?: MutationExtras<Variables<Input>, Data, Err, Context>,
  ): ActionMutationOptions<Variables<Input>, Data, Err, Context>
  /** TanStack's `useMutation`: `mutate({ params, query, body })`. */
  useMutation<Context = unknown>(
    options?: MutationExtras<Variables<Input>, Data, Err, Context>,
  ): UseMutationResult<Data, Err, Variables<Input>, Context>
}

/** What a stream has beside `.stream()`. */
export interface StreamHooks<Input, Event> {
  /** Reads the stream while the component is mounted. */
  useStream(...args: SkippableArguments<Input, UseStreamOptions<Event>>): UseStreamResult<Event>
}

type InputOf<Args extends unknown[]> = Exclude<Args[0], undefined>
type DataOf<Result> = Result extends { readonly data: infer Data; readonly error: null } ? Data : never
type ErrorOf<Result> = Result extends { readonly error: infer Err extends CallError } ? Err : never

/** A call of the plain client with what React adds to it. */
type ActionApi<Call> = Call extends { query(...args: infer Args): Promise<infer Result> }
  ? Call & QueryHooks<InputOf<Args>, DataOf<Result>, ErrorOf<Result>>
  : Call extends { mutate(...args: infer Args): Promise<infer Result> }
    ? Call & MutationHooks<InputOf<Args>, DataOf<Result>, ErrorOf<Result>>
    : Call extends { stream(...args: infer Args): AsyncIterable<infer Event> }
      ? Call & StreamHooks<InputOf<Args>, Event>
      : never

type Hooked<Actions> = { readonly [K in keyof Actions]: ActionApi<Actions[K]> }

/** A router's actions as functions and as hooks, and its realtime. */
export type IgniterReact<R extends RouterTypes> = {
  readonly [M in keyof Client<R>]: M extends '$realtime' ? Client<R>[M] : Hooked<Client<R>[M]>
}
