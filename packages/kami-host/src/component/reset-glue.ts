/**
 * Gives the glue of a component a way to be used again: it takes new imports, as if they were those that it was
 * instantiated with, and brings everything that it keeps of calls back to where it was then. The core instances' own
 * state (memory, globals) is for the host to bring back.
 * @returns undefined for glue that keeps something which this does not know
 */
export function makeResettable(glue: string): string | undefined {
  const bindings: string[] = [];
  const rebound = glue.replace(importsForm, (_line, pattern: string, name: string) => {
    const assignment = `(${pattern} = imports['${name}']);`;
    bindings.push(assignment);
    return `let ${namesOf(pattern).join(', ')};\n${assignment}`;
  });
  const tables = [...glue.matchAll(tableForm)].map(([, number]) => number ?? '');
  const flags = [...glue.matchAll(flagsForm)].map(([, name, value]) => `${name}.value = ${value};`);
  const kept = new Set([...glue.matchAll(keptForm)].map(([, name]) => name ?? ''));
  const isKnown =
    [...rebound.matchAll(returnForm)].length === 1 &&
    bindings.length === glue.split('= imports[').length - 1 &&
    flags.length === glue.split('new WebAssembly.Global(').length - 1 &&
    tables.length === glue.split('= [T_FLAG, 0]').length - 1 &&
    tables.every((number) => glue.includes(`const captureTable${number}= new Map();`)) &&
    tables.every((number) => glue.includes(`let captureCnt${number}= 0;`)) &&
    [...kept].every((name) => constants.has(name) || restored.has(name));
  if (!isKnown) return undefined;
  const reset = resetFunction({ kept, tables, rebind: [...bindings, ...flags] });
  return rebound.replace(
    returnForm,
    (_text, exports: string) => `${reset}\nreturn { ${exports}, kamiReset };`,
  );
}

const importsForm = /^ *const (\{[^{}]*\}) = imports\['([^'\\]+)'\];$/gm;
const tableForm = /^ *const handleTable(\d+) = \[T_FLAG, 0\];$/gm;
/** Whether a component instance may be entered and left. */
const flagsForm =
  /^ *const (instanceFlags\d+) = new WebAssembly\.Global\(\{ value: "i32", mutable: true \}, (\d+)\);$/gm;
/** What the transpiler's own code keeps, it names in capitals; and the loans of resources. */
const keptForm = /\b(?:const|let|var) ([A-Z][A-Z\d_]*|curResourceBorrows)\b/g;
const returnForm = /^ *return \{ (tool: [^{}]*?),? *\};$/gm;

/** Made when the component is instantiated, or written anew before each use. */
const constants: ReadonlySet<string> = new Set([
  'ASYNC_DETERMINISM',
  'ASYNC_EVENT_CODE',
  'CORE_TRAP_MESSAGES',
  'CURRENT_TASK_MAY_BLOCK',
  'GLOBAL_COMPONENT_MEMORY_MAP',
  'HANDLE_TABLES',
  'INSTANCE_FLAGS',
  'TEXT_DECODER_UTF8',
  'TEXT_ENCODER_UTF8',
  'T_FLAG',
]);

/** What a call leaves behind, with the code that brings it back, or refuses to where a call should have left nothing. */
const restored: ReadonlyMap<string, string> = new Map([
  ['ASYNC_CURRENT_COMPONENT_IDXS', 'if (ASYNC_CURRENT_COMPONENT_IDXS.length > 0) return false;'],
  ['ASYNC_CURRENT_TASK_IDS', 'if (ASYNC_CURRENT_TASK_IDS.length > 0) return false;'],
  ['STORE_TRAP', 'if (STORE_TRAP.error !== null) return false;'],
  ['STORE_ASYNC_STATE', 'if (STORE_ASYNC_STATE.pendingHostOperations !== 0) return false;'],
  [
    'ASYNC_TASKS_BY_COMPONENT_IDX',
    `for (const tasks of ASYNC_TASKS_BY_COMPONENT_IDX.values()) if (tasks.length > 0) return false;
    ASYNC_TASKS_BY_COMPONENT_IDX.clear();`,
  ],
  ['ASYNC_STATE', 'ASYNC_STATE.clear();'],
  ['CURRENT_TASK_META', 'for (const key of Object.keys(CURRENT_TASK_META)) delete CURRENT_TASK_META[key];'],
  ['RESOURCE_SCOPE_TASKS', 'RESOURCE_SCOPE_TASKS.clear();'],
  ['RESOURCE_SCOPE_ID', 'RESOURCE_SCOPE_ID = 0;'],
  ['curResourceBorrows', 'curResourceBorrows = [];'],
]);

interface Kept {
  readonly kept: ReadonlySet<string>;
  /** Numbers of the tables of resources. */
  readonly tables: readonly string[];
  /** Statements that give it its imports and flags again. */
  readonly rebind: readonly string[];
}

function resetFunction({ kept, tables, rebind }: Kept): string {
  const restore = [...restored].filter(([name]) => kept.has(name)).map(([, code]) => code);
  const empty = tables.map(
    (number) => `
    handleTable${number}.length = 2;
    handleTable${number}[0] = T_FLAG;
    handleTable${number}[1] = 0;
    handleTable${number}._createdReps.clear();
    captureTable${number}.clear();
    captureCnt${number} = 0;`,
  );
  return `const kamiReset = (imports) => {
    ${[...restore, ...rebind, ...empty].join('\n    ')}
    return true;
  };`;
}

/** Names that a destructuring pattern of the glue binds. */
function namesOf(pattern: string): readonly string[] {
  return pattern
    .slice(1, -1)
    .split(',')
    .map((part) => part.split(':').at(-1)?.trim() ?? '');
}
