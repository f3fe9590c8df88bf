import { kamiTool } from 'kami-guest';
import * as z from 'zod';

export default kamiTool({
  description: 'Greets a person by name.',
  input: z.object({ name: z.string().min(1) }),
  output: z.object({ greeting: z.string() }),
  annotations: { readOnlyHint: true },
  handler: ({ name }) => ({ greeting: `Hello, ${name}!` }),
});
