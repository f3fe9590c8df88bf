/**
 * Every error KAMI can raise, by its permanent code.
 *
 * `kind` is whose move it is: a `user` error is mended by whoever reads it (wrong file, wrong flag), a
 * `system` error by the machine or by us (disk, database, a defect). `exit` is the exit code of the `kami`
 * command: 1 for an error, 2 for wrong usage. Exit code 3 is no error: it says that the tool itself failed.
 *
 * A code is never renamed or reused: scripts and documents refer to it.
 */
export const catalogue = {
  KAMI_NODE_TOO_OLD: { kind: 'user', exit: 1 },
  KAMI_USAGE: { kind: 'user', exit: 2 },
  KAMI_INPUT_NOT_JSON: { kind: 'user', exit: 2 },
  KAMI_INPUT_INVALID: { kind: 'user', exit: 2 },
  KAMI_INPUT_TOO_LARGE: { kind: 'user', exit: 2 },

  KAMI_FILE_NOT_FOUND: { kind: 'user', exit: 1 },
  KAMI_FILE_UNREADABLE: { kind: 'user', exit: 1 },
  KAMI_FILE_UNWRITABLE: { kind: 'system', exit: 1 },

  KAMI_CONFIG_INVALID: { kind: 'user', exit: 1 },
  KAMI_PROFILE_NOT_FOUND: { kind: 'user', exit: 1 },
  KAMI_ALIAS_TAKEN: { kind: 'user', exit: 1 },

  KAMI_MANIFEST_NOT_FOUND: { kind: 'user', exit: 1 },
  KAMI_MANIFEST_INVALID: { kind: 'user', exit: 1 },
  KAMI_ASSETS_INVALID: { kind: 'user', exit: 1 },

  KAMI_TOOLCHAIN_MISSING: { kind: 'user', exit: 1 },
  KAMI_BUILD_FAILED: { kind: 'user', exit: 1 },
  KAMI_BUILD_MISSING: { kind: 'user', exit: 1 },
  KAMI_BUILD_STALE: { kind: 'user', exit: 1 },

  KAMI_COMPONENT_INVALID: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_IS_CORE_MODULE: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_WRONG_WORLD: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_IMPORT_REFUSED: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_TOO_LARGE: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_HASH_MISMATCH: { kind: 'user', exit: 1 },
  KAMI_COMPONENT_DESCRIBE_FAILED: { kind: 'user', exit: 1 },

  KAMI_INSTALL_SOURCE_UNKNOWN: { kind: 'user', exit: 1 },
  KAMI_INSTALL_DECLINED: { kind: 'user', exit: 1 },
  KAMI_INSTALL_CONFLICT: { kind: 'user', exit: 1 },

  KAMI_TOOL_NOT_FOUND: { kind: 'user', exit: 1 },
  KAMI_TOOL_ALREADY_INSTALLED: { kind: 'user', exit: 1 },
  KAMI_TOOL_DISABLED: { kind: 'user', exit: 1 },
  KAMI_TOOL_PINNED: { kind: 'user', exit: 1 },
  KAMI_TOOL_DOWNGRADE: { kind: 'user', exit: 1 },
  KAMI_TOOL_SIGNER_CHANGED: { kind: 'user', exit: 1 },
  KAMI_ID_INVALID: { kind: 'user', exit: 1 },

  KAMI_GRANT_INVALID: { kind: 'user', exit: 2 },
  KAMI_GRANT_MOUNT_REFUSED: { kind: 'user', exit: 1 },
  KAMI_SECRET_INVALID: { kind: 'user', exit: 2 },
  KAMI_SECRET_NOT_FOUND: { kind: 'user', exit: 1 },
  KAMI_SECRET_STORE_UNSAFE: { kind: 'user', exit: 1 },

  KAMI_CONNECT_FILE_INVALID: { kind: 'user', exit: 1 },
  KAMI_CONNECT_DECLINED: { kind: 'user', exit: 1 },
  KAMI_CONNECT_CONFLICT: { kind: 'user', exit: 1 },
  KAMI_CONNECT_CHECK_FAILED: { kind: 'user', exit: 1 },

  KAMI_REGISTRY_LOCKED: { kind: 'user', exit: 1 },
  KAMI_REGISTRY_READ_ONLY: { kind: 'user', exit: 1 },
  KAMI_REGISTRY_NEWER: { kind: 'user', exit: 1 },
  KAMI_REGISTRY_CORRUPT: { kind: 'user', exit: 1 },
  KAMI_REGISTRY_IO: { kind: 'system', exit: 1 },
  KAMI_STORE_DAMAGED: { kind: 'system', exit: 1 },
  KAMI_DISK_FULL: { kind: 'system', exit: 1 },

  KAMI_HTTP_AUTH_REQUIRED: { kind: 'user', exit: 1 },
  KAMI_HTTP_TOKEN_INVALID: { kind: 'user', exit: 1 },
  KAMI_HTTP_ADDRESS_UNUSABLE: { kind: 'user', exit: 1 },

  KAMI_CANCELLED: { kind: 'user', exit: 1 },
  KAMI_BUSY: { kind: 'system', exit: 1 },
  KAMI_SHUTTING_DOWN: { kind: 'system', exit: 1 },
  KAMI_INTERNAL: { kind: 'system', exit: 1 },
} as const satisfies Record<string, { readonly kind: 'user' | 'system'; readonly exit: 1 | 2 }>;

export type ErrorCode = keyof typeof catalogue;
