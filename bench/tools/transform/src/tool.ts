import { kamiTool } from 'kami-guest';
import { transformInput } from '../../../work/schemas.ts';
import { transform } from '../../../work/transform.ts';

export default kamiTool({
  description: 'Filters, sorts and renames rows of JSON.',
  input: transformInput,
  handler: transform,
});
