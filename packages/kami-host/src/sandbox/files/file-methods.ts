import type {
  DescriptorStat,
  DescriptorType,
  MetadataHashValue,
  NewTimestamp,
} from '@bytecodealliance/preview2-shim/interfaces/wasi-filesystem-types';

/** A number that stands for something that this call has opened. */
export type Handle = number;

/** A path as seen from an open folder. */
export interface At {
  readonly handle: Handle;
  readonly path: string;
}

interface FollowAt extends At {
  /** Whether a link in last place is followed. */
  readonly follow: boolean;
}

interface Times {
  readonly access: NewTimestamp;
  readonly modification: NewTimestamp;
}

export interface OpenArgs extends FollowAt {
  readonly create: boolean;
  readonly directory: boolean;
  readonly exclusive: boolean;
  readonly truncate: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly mutateDirectory: boolean;
  readonly sync: 'none' | 'data' | 'file';
}

/** What was opened. `mutable`: entries may be made and removed beneath it. */
export interface Opened {
  readonly handle: Handle;
  readonly type: DescriptorType;
  readonly mutable: boolean;
}

/** `name` is missing where it is no UTF-8. */
export interface ListedEntry {
  readonly name: string | undefined;
  readonly type: DescriptorType;
}

type Method<Args, Result> = { readonly args: Args; readonly result: Result };
type OnHandle<Result> = Method<{ readonly handle: Handle }, Result>;

/** The service `files`: wasi:filesystem as requests. Errors are the codes of its `error-code`. */
export type FileMethods = {
  preopens: Method<
    undefined,
    readonly { readonly guestPath: string; readonly handle: Handle; readonly mutable: boolean }[]
  >;
  open: Method<OpenArgs, Opened>;
  close: OnHandle<void>;
  read: Method<
    { readonly handle: Handle; readonly offset: bigint; readonly length: bigint },
    { readonly bytes: Uint8Array; readonly end: boolean }
  >;
  write: Method<{ readonly handle: Handle; readonly offset: bigint; readonly bytes: Uint8Array }, bigint>;
  append: Method<{ readonly handle: Handle; readonly bytes: Uint8Array }, bigint>;
  'set-size': Method<{ readonly handle: Handle; readonly size: bigint }, void>;
  sync: Method<{ readonly handle: Handle; readonly dataOnly: boolean }, void>;
  stat: OnHandle<DescriptorStat>;
  'stat-at': Method<FollowAt, DescriptorStat>;
  'set-times': Method<{ readonly handle: Handle } & Times, void>;
  'set-times-at': Method<FollowAt & Times, void>;
  'metadata-hash': OnHandle<MetadataHashValue>;
  'metadata-hash-at': Method<FollowAt, MetadataHashValue>;
  'is-same-object': Method<{ readonly handle: Handle; readonly other: Handle }, boolean>;
  /** Opens a listing, a handle of its own. */
  'read-directory': OnHandle<Handle>;
  /** The next entries of a listing; none at its end. */
  'next-entries': OnHandle<readonly ListedEntry[]>;
  'create-directory': Method<At, void>;
  'remove-directory': Method<At, void>;
  'unlink-file': Method<At, void>;
  rename: Method<At & { readonly to: At }, void>;
  link: Method<FollowAt & { readonly to: At }, void>;
  symlink: Method<At & { readonly target: string }, void>;
  readlink: Method<At, string>;
};
