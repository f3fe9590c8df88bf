/** What one call may do with the host's folders. Only what is in it exists for the guest. */
export interface FileGrant {
  readonly mounts: readonly FileMount[];
  readonly limits: FileLimits;
}

/** One folder of the host, as the guest sees it. */
export interface FileMount {
  /** Absolute, such as `/data`. */
  readonly guestPath: string;
  /** Absolute and without links, as it was when it was granted: a folder that is reached by links is not opened. */
  readonly hostPath: string;
  readonly access: 'read-only' | 'read-write';
  /** How much may lie in the folder, whoever put it there. Only for folders that may be written to. */
  readonly quota?: FileQuota;
}

export interface FileQuota {
  /** Sum of the sizes of the files, sparse ones by their size. */
  readonly bytes: number;
  /** Files, folders and links. */
  readonly entries: number;
}

export interface FileLimits {
  /** Descriptors and directory listings that one call holds at the same time. */
  readonly maxOpen: number;
  /** Bytes of one read and of one write. */
  readonly maxChunkBytes: number;
  /** The largest size that a guest may give a file. */
  readonly maxFileBytes: number;
  /**
   * Length of a path beneath the mount that a guest may create, bytes. Deeper trees could be made through held
   * descriptors, but the host could not remove them by path any more.
   */
  readonly maxPathBytes: number;
}

export const defaultFileLimits: FileLimits = Object.freeze({
  maxOpen: 64,
  maxChunkBytes: 65_536,
  maxFileBytes: 1024 * 1024 * 1024,
  maxPathBytes: 1_024,
});
