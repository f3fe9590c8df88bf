/** The names of tools that every client takes: some reject dots, some more than 64 characters. */
export const toolNamePattern = /^[a-zA-Z0-9_-]{1,64}$/;
