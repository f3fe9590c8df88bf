// What the servers use of packages that are there only when the bench has installed its peers.
declare module 'fastmcp' {
  export class FastMCP {
    constructor(options: { readonly name: string; readonly version: string });
    addTool(tool: {
      readonly name: string;
      readonly description: string;
      readonly parameters: object;
      readonly execute: (input: unknown) => Promise<string>;
    }): void;
    start(options: { readonly transportType: 'stdio' }): Promise<void>;
  }
}

declare module '@bytecodealliance/preview2-shim/instantiation' {
  export class WASIShim {
    getImportObject(): Record<string, object>;
  }
}
