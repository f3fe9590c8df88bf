import type { CallOutcome } from '../model/call-result.ts';
import type { Refusal } from '../model/capability.ts';
import type { CompiledComponent, StartState } from '../model/compiled-component.ts';
import type { OfferInterface } from '../model/contract.ts';
import type { Sha256 } from '../model/ids.ts';
import type { Limits } from '../model/limits.ts';
import type { LogLine } from '../model/log-line.ts';
import type { ResultConvention } from '../model/tool.ts';

/** What a worker is asked to do with a component, each time in a fresh instance. */
export type Operation =
  | {
      readonly kind: 'run';
      /** The arguments as JSON text. */
      readonly input: string;
      /** Schemas as JSON text: the worker keeps their validators by it. */
      readonly inputSchema: string;
      readonly outputSchema: string | undefined;
      readonly convention: ResultConvention;
    }
  | { readonly kind: 'describe' }
  /** A function of what the component offers beside its tool; answered with its text as content. */
  | {
      readonly kind: 'offer';
      readonly offer: OfferInterface;
      readonly method: string;
      readonly texts: readonly string[];
    }
  /** Only compiles the schemas; the component is not started. */
  | {
      readonly kind: 'check-schemas';
      readonly inputSchema: string;
      readonly outputSchema: string | undefined;
    };

export interface WorkerRequest {
  readonly component: CompiledComponent;
  readonly operation: Operation;
  readonly limits: Limits;
  /** What is left of the time limit, ms: it counts from the call's arrival. */
  readonly timeLeftMs: number;
  readonly guest: GuestView;
}

/** A request on its way to a thread: a component goes there once, and by its key from then on. */
export interface PostedRequest extends Omit<WorkerRequest, 'component'> {
  readonly component: CompiledComponent | Sha256;
  /** Components that it will not be asked for by their keys any more. */
  readonly forget: readonly Sha256[];
}

/** What the guest is let see of its surroundings. */
export interface GuestView {
  /** Variables: the granted ones that have a value. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly clock: 'coarse' | 'fine';
}

/** Nothing. */
export const blindGuest: GuestView = Object.freeze({ environment: Object.freeze([]), clock: 'coarse' });

/** How an operation ended, as far as the worker can tell: `describe` answers with its text as content. */
export interface WorkerAnswer {
  readonly outcome: CallOutcome;
  readonly memoryPeakBytes: number;
  /** Instructions executed; after a crash or a timeout 0, since nobody could read it. */
  readonly fuel: number;
  /** Whether the guest looked at a clock: the same input then need not cost the same fuel. */
  readonly readClock: boolean;
  readonly refusals: readonly Refusal[];
  /** Where its time went; undefined where no instance was needed, or none answered. */
  readonly spent: Spent | undefined;
}

/** What a call's instance and the call itself took, ms. */
export interface Spent {
  /** Reading and compiling the component; 0 when it was there. */
  readonly loadMs: number;
  /** Making the instance, or bringing it back: ahead of the call, unless it was `made` for it. */
  readonly prepareMs: number;
  readonly runMs: number;
  readonly instance: InstanceOrigin;
}

/** `made` in the call, made `ahead` of it, or one that was `reset` after an earlier call. */
export type InstanceOrigin = (typeof instanceOrigins)[number];
export const instanceOrigins = ['made', 'ahead', 'reset'] as const;

export type WorkerMessage =
  | { readonly kind: 'log'; readonly line: LogLine }
  | { readonly kind: 'answer'; readonly answer: WorkerAnswer }
  /** Where calls of the component that runs begin, for other threads. */
  | { readonly kind: 'start-state'; readonly start: StartState | 'delivered' };
