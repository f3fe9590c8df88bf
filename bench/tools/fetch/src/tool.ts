import { kamiTool } from 'kami-guest';
import { fetchText } from '../../../work/fetch.ts';
import { fetchInput } from '../../../work/schemas.ts';

export default kamiTool({ description: 'Fetches a web address.', input: fetchInput, handler: fetchText });
