import { kamiTool } from 'kami-guest';
import { answerFib } from '../../../work/fib.ts';
import { fibInput } from '../../../work/schemas.ts';

export default kamiTool({
  description: 'Computes a Fibonacci number the slow way.',
  input: fibInput,
  handler: answerFib,
});
