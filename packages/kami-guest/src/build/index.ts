/**
 * kami-guest/build: from an author's source to a component. Node only.
 */
export {
  type BuildOptions,
  type BuildResult,
  type BuildStep,
  buildComponent,
} from './build-component.ts';
export { BuildError, type BuildErrorCode } from './build-error.ts';
export { type Diagnostic, formatDiagnostic } from './diagnostic.ts';
export type { TypeChecked } from './type-check.ts';
