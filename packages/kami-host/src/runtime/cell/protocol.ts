import type { EngineParts } from '../../component/engine-cache.ts';
import type { StoredForm } from '../../component/form-record.ts';
import { type PackedStart, readPackedStart } from '../../component/packed-start.ts';
import { isSha256, type Sha256 } from '../../model/ids.ts';
import { isJsonObject } from '../../model/json.ts';
import type { Limits } from '../../model/limits.ts';
import type { LogLine } from '../../model/log-line.ts';
import { logLevels } from '../../model/logger.ts';
import {
  type HostReply,
  type HostRequest,
  type ServiceName,
  serviceNames,
} from '../../sandbox/host-call/protocol.ts';
import type { GuestView, Operation, WorkerAnswer } from '../../sandbox/protocol.ts';
import { isCount, readAnswer } from './read-answer.ts';

/** What the control process tells a cell. */
export type CellRequest =
  | {
      readonly kind: 'execute';
      readonly callId: number;
      /** Sent once; by its key from then on. */
      readonly form: StoredForm | Sha256;
      readonly operation: Operation;
      readonly limits: Limits;
      readonly timeLeftMs: number;
      readonly guest: GuestView;
      /** Names of the services that the call may ask; the control process decides what they give. */
      readonly services: readonly HostRequest['service'][];
    }
  | { readonly kind: 'cancel'; readonly callId: number }
  | { readonly kind: 'preload'; readonly engine: EngineParts }
  | { readonly kind: 'reply'; readonly callId: number; readonly reply: HostReply };

/** What a cell answers. */
export type CellMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'log'; readonly callId: number; readonly line: LogLine }
  | { readonly kind: 'ask'; readonly callId: number; readonly request: HostRequest }
  | { readonly kind: 'answer'; readonly callId: number; readonly answer: WorkerAnswer }
  /** The files of the form are not what its record says. */
  | { readonly kind: 'damaged'; readonly callId: number }
  /** What calls of a component begin with: a cell has no right to write it down. */
  | { readonly kind: 'start'; readonly key: Sha256; readonly start: PackedStart };

/**
 * Reads a message of a cell. A guest that broke out of its engine could send anything that can be sent: what is
 * not of this shape through and through is dropped, and nothing else in it is passed on.
 */
export function parseCellMessage(value: unknown): CellMessage | undefined {
  if (!isJsonObject(value)) return undefined;
  const { kind, callId } = value as Readonly<Record<string, unknown>>;
  if (kind === 'ready') return { kind };
  if (kind === 'start') {
    const { key } = value;
    const start = readPackedStart(value.start);
    return typeof key === 'string' && isSha256(key) && start !== undefined ? { kind, key, start } : undefined;
  }
  if (!isCount(callId)) return undefined;
  switch (kind) {
    case 'log': {
      const line = readLogLine(value.line);
      return line === undefined ? undefined : { kind, callId, line };
    }
    case 'ask': {
      const request = readHostRequest(value.request);
      return request === undefined ? undefined : { kind, callId, request };
    }
    case 'answer': {
      const answer = readAnswer(value.answer);
      return answer === undefined ? undefined : { kind, callId, answer };
    }
    case 'damaged':
      return { kind, callId };
    default:
      return undefined;
  }
}

function readLogLine(value: unknown): LogLine | undefined {
  if (!isJsonObject(value) || typeof value.message !== 'string') return undefined;
  const level = logLevels.find((known) => known === value.level);
  return level === undefined || level === 'silent' ? undefined : { level, message: value.message };
}

function readHostRequest(value: unknown): HostRequest | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, service, method, args } = value as Readonly<Record<string, unknown>>;
  if (!isCount(id) || typeof method !== 'string') return undefined;
  return serviceNames.some((name) => name === service)
    ? { id, service: service as ServiceName, method, args }
    : undefined;
}
