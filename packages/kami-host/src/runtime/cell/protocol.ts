import type { StoredForm } from '../../component/form-record.ts';
import { isJsonObject } from '../../model/json.ts';
import type { Limits } from '../../model/limits.ts';
import type { LogLine } from '../../model/log-line.ts';
import { logLevels } from '../../model/logger.ts';
import type { HostReply, HostRequest } from '../../sandbox/host-call/protocol.ts';
import type { GuestView, Operation, WorkerAnswer } from '../../sandbox/protocol.ts';

/** What the control process tells a cell. */
export type CellRequest =
  | {
      readonly kind: 'execute';
      readonly callId: number;
      readonly form: StoredForm;
      readonly operation: Operation;
      readonly limits: Limits;
      readonly guest: GuestView;
      /** Names of the services that the call may ask; the control process decides what they give. */
      readonly services: readonly HostRequest['service'][];
    }
  | { readonly kind: 'cancel'; readonly callId: number }
  | { readonly kind: 'reply'; readonly callId: number; readonly reply: HostReply };

/** What a cell answers. */
export type CellMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'log'; readonly callId: number; readonly line: LogLine }
  | { readonly kind: 'ask'; readonly callId: number; readonly request: HostRequest }
  | { readonly kind: 'answer'; readonly callId: number; readonly answer: WorkerAnswer }
  /** The files of the form are not what its record says. */
  | { readonly kind: 'damaged'; readonly callId: number };

/**
 * Reads a message of a cell. A guest that broke out of its engine could send anything: what is not of this
 * shape is dropped.
 */
export function parseCellMessage(value: unknown): CellMessage | undefined {
  if (!isJsonObject(value)) return undefined;
  if (value.kind === 'ready') return { kind: 'ready' };
  if (typeof value.callId !== 'number') return undefined;
  switch (value.kind) {
    case 'log':
      return isLogLine(value.line) ? (value as unknown as CellMessage) : undefined;
    case 'ask':
      return isHostRequest(value.request) ? (value as unknown as CellMessage) : undefined;
    case 'answer':
      return isAnswer(value.answer) ? (value as unknown as CellMessage) : undefined;
    case 'damaged':
      return { kind: 'damaged', callId: value.callId };
    default:
      return undefined;
  }
}

const levels: ReadonlySet<unknown> = new Set(logLevels);

function isLogLine(value: unknown): boolean {
  return isJsonObject(value) && levels.has(value.level) && typeof value.message === 'string';
}

function isHostRequest(value: unknown): boolean {
  return (
    isJsonObject(value) &&
    typeof value.id === 'number' &&
    typeof value.service === 'string' &&
    typeof value.method === 'string'
  );
}

function isAnswer(value: unknown): boolean {
  if (!isJsonObject(value) || !isJsonObject(value.outcome) || !Array.isArray(value.refusals)) return false;
  const { outcome, memoryPeakBytes, fuel, readClock } = value;
  if (typeof memoryPeakBytes !== 'number' || typeof fuel !== 'number') return false;
  if (typeof readClock !== 'boolean') return false;
  return outcome.status === 'success'
    ? Array.isArray(outcome.content)
    : outcome.status === 'failure' &&
        typeof outcome.reason === 'string' &&
        typeof outcome.message === 'string';
}
