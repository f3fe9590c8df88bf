import type { ClientContext, ElicitAnswer, Root, SampleAnswer, SampleInit } from '../client.ts';
import { isObject } from '../json.ts';
import { resolveSchema } from '../schema/resolve.ts';
import { issuesError, ToolError } from '../tool-error.ts';

/** The interface `kami:tool/client`, as componentize-js gives it. */
export interface HostClient {
  readonly progress: (done: number, total: number | undefined, message: string | undefined) => void;
  /** Throws its error case as `payload`. */
  readonly ask: (requests: string) => string;
}

interface Asked {
  readonly request: {
    readonly method: string;
    readonly params?: unknown;
    readonly key: string | undefined;
  };
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

/** What a handler has of a client that is reached by the host. */
export function createClientContext({ progress, ask }: HostClient): ClientContext {
  let waiting: Asked[] = [];

  /** What is asked in one turn goes together: a client may show it as one form. */
  function request<T>(request: Asked['request']): Promise<T> {
    return new Promise((resolve, reject) => {
      // JSON leaves out what is undefined.
      waiting.push({ request, resolve, reject });
      if (waiting.length === 1) queueMicrotask(send);
    });
  }

  function send(): void {
    const asked = waiting;
    waiting = [];
    try {
      const answers = JSON.parse(ask(JSON.stringify(asked.map(({ request }) => request)))) as never[];
      for (const [index, { resolve }] of asked.entries()) resolve(answers[index] as never);
    } catch (thrown) {
      const error = readRefusal(thrown);
      for (const { reject } of asked) reject(error);
    }
  }

  return {
    progress: (done, total, message) => progress(Number(done), total, message),
    async elicit({ key, message, schema }) {
      const { jsonSchema, validate } = resolveSchema(schema, 'input');
      const { type, properties, required } = jsonSchema;
      const requestedSchema = { type, properties, ...(required === undefined ? {} : { required }) };
      const params = { message, requestedSchema };
      const answer = await request<ElicitAnswer<unknown>>({ method: 'elicitation/create', params, key });
      if (answer.action !== 'accept') return { action: answer.action };
      const result = await validate(answer.content);
      if (result.issues !== undefined) throw issuesError('input', result.issues);
      return { action: 'accept', content: result.value as never };
    },
    async sample({ key, messages, ...rest }) {
      const params = { ...rest, messages: readMessages(messages) };
      const method = 'sampling/createMessage';
      const answer = await request<Omit<SampleAnswer, 'text'>>({ method, params, key });
      const { text } = answer.content;
      return { ...answer, text: typeof text === 'string' ? text : '' };
    },
    async roots({ key } = {}) {
      const { roots } = await request<{ readonly roots: readonly Root[] }>({ method: 'roots/list', key });
      return roots;
    },
  };
}

function readMessages(messages: SampleInit['messages']): readonly unknown[] {
  if (typeof messages === 'string') return [{ role: 'user', content: { type: 'text', text: messages } }];
  return messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? { type: 'text', text: content } : content,
  }));
}

/** The error case of `ask` as a failure that a handler may catch, and a model can read. */
function readRefusal(thrown: unknown): unknown {
  const { payload } = thrown as { readonly payload?: unknown };
  if (typeof payload !== 'string') return thrown;
  const refusal: unknown = JSON.parse(payload);
  const { message, code } = isObject(refusal) ? refusal : {};
  return new ToolError(String(message), { code: String(code) });
}
