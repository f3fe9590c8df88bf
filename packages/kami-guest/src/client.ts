import type { InferOutput, Schema } from './schema/infer.ts';

/** What a handler can tell and ask the client that called its tool. */
export interface ClientContext {
  /**
   * Says how far the call is. Clients show the last of these; some come too close together to be shown.
   * @param done grows from one to the next
   * @param total what `done` will be in the end, if that is known
   */
  progress(done: number, total?: number, message?: string): void;
  /**
   * Asks the person at the client to fill in a form. The first time the call ends here; with the answer the handler
   * is run again from the beginning, so what it does before must bear being done twice.
   * Rejects with a ToolError when nobody can be asked, or the tool is not permitted to (`ask = ["user"]` in tool.toml).
   */
  elicit<const S extends Schema>(request: ElicitInit<S>): Promise<ElicitAnswer<InferOutput<S>>>;
  /** Asks the client's model; like `elicit` (`ask = ["model"]`). */
  sample(request: SampleInit): Promise<SampleAnswer>;
  /** Asks for the folders that the client works on; like `elicit` (`ask = ["roots"]`). */
  roots(request?: AskInit): Promise<readonly Root[]>;
}

/** What all requests to a client have in common. */
export interface AskInit {
  /**
   * The name under which the client gives its answer, such as `user_name`: a letter, then letters, digits, `_` and `-`,
   * 64 at most, and another one for each request of a call. Left out, KAMI makes one from what is asked.
   */
  readonly key?: string;
}

export interface ElicitInit<S extends Schema> extends AskInit {
  readonly message: string;
  /** An object whose properties are texts, numbers, booleans or choices: MCP allows no more. */
  readonly schema: S;
}

export type ElicitAnswer<T> =
  | { readonly action: 'accept'; readonly content: T }
  | { readonly action: 'decline' | 'cancel'; readonly content?: undefined };

export interface SampleMessage {
  readonly role: 'user' | 'assistant';
  /** A text, or an MCP content block. */
  readonly content: string | Readonly<Record<string, unknown>>;
}

export interface SampleInit extends AskInit {
  /** What to ask: a text from the user, or a conversation. */
  readonly messages: string | readonly SampleMessage[];
  readonly maxTokens: number;
  readonly systemPrompt?: string;
  readonly temperature?: number;
  readonly stopSequences?: readonly string[];
}

export interface SampleAnswer {
  readonly role: 'user' | 'assistant';
  readonly content: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly stopReason?: string;
  /** The text of the content; empty when it is of another kind. */
  readonly text: string;
}

export interface Root {
  readonly uri: string;
  readonly name?: string;
}
