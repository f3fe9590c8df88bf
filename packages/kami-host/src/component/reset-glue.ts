/**
 * Gives the glue of a component a way to be used again: it takes new imports, as if they were those that it was
 * instantiated with, and brings everything that it keeps of calls back to where it was then. The core instances' own
 * state (memory, globals) is for the host to bring back.
 */
export function makeResettable(glue: string): string | undefined {
  const bindings: string[] = [];
  const rebound = glue.replace(importsForm, (_line, pattern: string, name: string) => {
    const assignment = `(${pattern} = imports['${name}']);`;
    bindings.push(assignment);
    return `let ${namesOf(pattern).join(', ')};\n${assignment}`;
  });
  const tables = [...glue.matchAll(tableForm)].map(([, number]) => number ?? '');
  // Whatever else keeps something would be missed: then this is not the glue that this was written for.
  const isKnown =
    [...rebound.matchAll(returnForm)].length === 1 &&
    tables.every((number) => glue.includes(`const captureTable${number}= new Map();`)) &&
    tables.every((number) => glue.includes(`let captureCnt${number}= 0;`)) &&
    [...glue.matchAll(collectionForm)].every(([, name = '']) => isKept(name)) &&
    [...glue.matchAll(counterForm)].every(([, name = '']) => isKept(name));
  if (!isKnown) return undefined;
  const reset = resetFunction(glue, bindings, tables);
  return rebound.replace(
    returnForm,
    (_text, exports: string) => `${reset}\n  return { ${exports}, kamiReset };`,
  );
}

const importsForm = /^const (\{[^{}]*\}) = imports\['([^'\\]+)'\];$/gm;
const tableForm = /^ {2}const handleTable(\d+) = \[T_FLAG, 0\];$/gm;
/** Collections and counters at the level of the instance, which live as long as it does. */
const collectionForm = /^ {2}(?:const|let) ([A-Za-z_]\w*) ?= ?(?:new (?:Map|Set)\(\)|\[\]|\{\});$/gm;
const counterForm = /^ {2}let ([A-Za-z_]\w*) ?= ?\d+n?;$/gm;
const returnForm = /^ {2}return \{ (tool: [^{}]*?),? *\};$/gm;

/** What there is of them beside the tables of resources. */
const others: ReadonlySet<string> = new Set([
  'ASYNC_CURRENT_COMPONENT_IDXS',
  'ASYNC_CURRENT_TASK_IDS',
  'ASYNC_STATE',
  'ASYNC_TASKS_BY_COMPONENT_IDX',
  'RESOURCE_SCOPE_ID',
  'RESOURCE_SCOPE_TASKS',
  'curResourceBorrows',
  // A table of functions by type, which calls fill and never change.
  'caseLookup',
]);

function isKept(name: string): boolean {
  return others.has(name) || /^capture(Table|Cnt)\d+$/.test(name);
}

function resetFunction(glue: string, bindings: readonly string[], tables: readonly string[]): string {
  // A component without resources, say, has glue without their scopes.
  const ifThere = (name: string, code: string) =>
    new RegExp(`^ {2}(?:const|let) ${name} ?=`, 'm').test(glue) ? code : '';
  return `
  const kamiReset = (imports) => {
    ${ifThere('ASYNC_CURRENT_COMPONENT_IDXS', 'if (ASYNC_CURRENT_COMPONENT_IDXS.length > 0) return false;')}
    ${ifThere('ASYNC_CURRENT_TASK_IDS', 'if (ASYNC_CURRENT_TASK_IDS.length > 0) return false;')}
    ${ifThere('ASYNC_TASKS_BY_COMPONENT_IDX', 'for (const tasks of ASYNC_TASKS_BY_COMPONENT_IDX.values()) if (tasks.length > 0) return false;')}
    ${bindings.join('\n    ')}
    for (const table of [${tables.map((number) => `handleTable${number}`).join(', ')}]) {
      table.length = 2;
      table[0] = T_FLAG;
      table[1] = 0;
      table._createdReps.clear();
    }
    ${tables.map((number) => `captureTable${number}.clear(); captureCnt${number} = 0;`).join('\n    ')}
    ${ifThere('curResourceBorrows', 'curResourceBorrows = [];')}
    ${ifThere('RESOURCE_SCOPE_ID', 'RESOURCE_SCOPE_ID = 0;')}
    ${ifThere('RESOURCE_SCOPE_TASKS', 'RESOURCE_SCOPE_TASKS.clear();')}
    ${ifThere('ASYNC_TASKS_BY_COMPONENT_IDX', 'ASYNC_TASKS_BY_COMPONENT_IDX.clear();')}
    ${ifThere('ASYNC_STATE', 'ASYNC_STATE.clear();')}
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
