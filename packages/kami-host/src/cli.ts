#!/usr/bin/env node
// Built for any Node that can run it, and imports nothing before its check: an old Node must get this far. SQLite needs
// version 10 of the Node-API: below 22.14 it ends the process.
const needed = [22, 14] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `error: KAMI needs Node.js ${needed[0]}.${needed[1]} or newer, and this is ${process.versions.node}. Install a newer one from nodejs.org, or with your version manager. (KAMI_NODE_TOO_OLD)\n`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('./main.ts');
  process.exitCode = await main(process.argv.slice(2));
}

export {};
