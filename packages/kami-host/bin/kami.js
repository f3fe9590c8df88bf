#!/usr/bin/env node
// Committed, so that npm can link the command in a fresh clone, before anything is built.
import '../dist/cli.js';
